/**
 * Erlang that keeps ejabberd from losing what it has routed, where it does by itself
 * (docs/decisions/0015-local-servers-keep-what-they-routed.md).
 */

/** How long a stopping ejabberd waits for its components, and then for its sessions. */
const lastWorkMs = 5000;

/**
 * Stops in order. By itself ejabberd ends sessions before components, and drops what it routes to a session meanwhile
 * and what a session has not taken yet. Here the components end first; then each session answers a call, and so has
 * taken everything before it.
 */
export const orderlyStop = `ejabberd_hooks:add(ejabberd_stopping, fun() ->
  Ended = fun(Pids) ->
    Ends = [erlang:monitor(process, Pid) || Pid <- Pids],
    [receive {'DOWN', End, _, _, _} -> ok after ${lastWorkMs} -> ok end || End <- Ends]
  end,
  [ejabberd_listener:delete_listener(At, Module) ||
    {At, Module, _} <- ejabberd_option:listen(), Module =:= ejabberd_service],
  Components = [Pid || {_, Pid, _, _} <- supervisor:which_children(ejabberd_service_sup)],
  [ejabberd_service:send(Pid, xmpp:serr_system_shutdown()) || Pid <- Components],
  [ejabberd_service:stop_async(Pid) || Pid <- Components],
  Ended(Components),
  Ended([spawn(fun() -> catch p1_server:call(Pid, get_presence, ${lastWorkMs}) end) ||
    Pid <- ejabberd_sm:get_all_pids()])
end, 1)`;

/**
 * Stores a message for an account and hands stored ones over at a login one after the other. By itself ejabberd may
 * write a message while a login takes out what is stored: it is deleted unread, or stays until the next login. A
 * message that finds the account logged in after all goes to its session. (mod_offline does both at 50.)
 *
 * @param host the domain of the accounts, in Erlang
 */
export function loginHooks(host: string): string[] {
  const store = `fun({_, Packet} = Message) ->
    {User, Server, _} = jid:tolower(xmpp:get_to(Packet)),
    global:trans({{User, Server}, self()}, fun() ->
      Present = ejabberd_sm:get_user_present_resources(User, Server),
      case [Priority || {Priority, _} <- Present, Priority >= 0] of
        [] ->
          case mod_offline:store_packet(Message) of
            {offlined, _} = Stored -> {stop, Stored};
            Other -> Other
          end;
        _ -> ejabberd_router:route(Packet), {stop, {routed, Packet}}
      end
    end, [node()])
  end`;
  const login = (does: string) => `fun({_, #{jid := Jid}} = Presence) ->
    {User, Server, _} = jid:tolower(Jid),
    global:${does}({{User, Server}, self()}, [node()]),
    Presence
  end`;
  const hooks: readonly (readonly [hook: string, body: string, at: number])[] = [
    ["offline_message_hook", store, 49],
    ["c2s_self_presence", login("set_lock"), 49],
    ["c2s_self_presence", login("del_lock"), 51],
  ];
  return hooks.map(([hook, body, at]) => `ejabberd_hooks:add(${hook}, ${host}, ${body}, ${at})`);
}
