import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "#core/limits.ts";
import { eventOf, received, refusalOf } from "./support.ts";

const url = "https://files.example.org/x1/summit.jpg";
const oob = (address = url, more = "") => `<x xmlns="jabber:x:oob"><url>${address}</url>${more}</x>`;
const source = (target: string) =>
  `<url-data xmlns="http://jabber.org/protocol/url-data" target="${target}"/>`;
const shared = (metadata: string, ...targets: string[]) =>
  `<file-sharing xmlns="urn:xmpp:sfs:0"><file xmlns="urn:xmpp:file:metadata:0">${metadata}</file>` +
  `<sources>${targets.map(source).join("")}</sources></file-sharing>`;
const sims = (metadata: string, target: string) =>
  '<reference xmlns="urn:xmpp:reference:0" type="data"><media-sharing xmlns="urn:xmpp:sims:1">' +
  `<file xmlns="urn:xmpp:jingle:apps:file-transfer:5">${metadata}</file>` +
  '<sources><reference xmlns="urn:xmpp:reference:0" type="data" uri="xmpp:alice@example.org?jingle"/>' +
  `<reference xmlns="urn:xmpp:reference:0" type="data" uri="${target}"/></sources></media-sharing></reference>`;
const hash = "2XarmwTlNxDAMkvymloX3S5+VbylNrJt/l5QyPa+YoU=";
const filesOf = (children: string) => eventOf(children)[1]["attachments"];

test("a shared file comes with all that is said of it", () => {
  const metadata =
    "<media-type>image/jpeg</media-type><name>summit.jpg</name><size>3032449</size><dimensions>4096x2160</dimensions>" +
    `<hash xmlns="urn:xmpp:hashes:2" algo="sha-1">w0mcJylzCn+AfvuGdqkty2+KP48=</hash>` +
    `<hash xmlns="urn:xmpp:hashes:2" algo="sha-256"> ${hash.slice(0, 20)}\n${hash.slice(20)}</hash><desc>The summit.</desc>`;
  const file = {
    url,
    name: "summit.jpg",
    mediaType: "image/jpeg",
    size: 3032449,
    width: 4096,
    height: 2160,
    hash: `sha-256:${hash}`,
    description: "The summit.",
  };
  assert.deepEqual(eventOf(shared(metadata, "cid:x", url)), [
    "message.sent",
    { id: "m1", attachments: [file] },
  ]);
  assert.deepEqual(filesOf(sims(metadata, url)), [file]);
});

test("a file described in three ways is one, with the best of all descriptions", () => {
  const other = "https://mirror.example.org/1";
  const children =
    oob(url, "<desc>From above</desc>") +
    sims("<name>other.jpg</name><size>5</size>", url) +
    shared("<name>summit.jpg</name>", other, url);
  assert.deepEqual(filesOf(`<body>${url}</body>${children}`), [
    { url: other, name: "summit.jpg", size: 5, description: "From above", mediaType: "image/jpeg" },
  ]);
});

test("another address than the file's is a text beside it, and a file where it stands alone, whatever blanks are around it", () => {
  const other = ` ${url}HTTPS://A.EXAMPLE/B.JPG `;
  const beside = eventOf(`<body>${other}</body>${oob()}`)[1];
  assert.equal(beside["body"], other);
  assert.deepEqual(beside["attachments"], [{ url, name: "summit.jpg", mediaType: "image/jpeg" }]);
  const alone = eventOf(`<body>${other}</body>`)[1];
  assert.equal(alone["body"], undefined);
  assert.deepEqual(alone["attachments"], [{ url: other.trim(), name: "B.JPG", mediaType: "image/jpeg" }]);
});

test("several files stay several, in order, and addresses in the text are not said twice", () => {
  const urls = ["https://a.example/1.png", "https://a.example/2"];
  const children = urls.map((each) => shared("", each)).join("");
  assert.deepEqual(eventOf(`<body>${urls.join("\n")}</body>${children}`)[1], {
    id: "m1",
    attachments: [{ url: urls[0], name: "1.png", mediaType: "image/png" }, { url: urls[1] }],
  });
  assert.equal(eventOf(`<body>Look: ${urls[0]}</body>${children}`)[1]["body"], `Look: ${urls[0]}`);
});

test("a text that stands for the file, by its own word, is not said", () => {
  const mark =
    '<fallback xmlns="urn:xmpp:fallback:0" for="urn:xmpp:sfs:0"><body start="0" end="7"/></fallback>';
  assert.equal(eventOf(`<body>A file.</body>${shared("", url)}${mark}`)[1]["body"], undefined);
  assert.equal(eventOf(`<body>A file.Look!</body>${shared("", url)}${mark}`)[1]["body"], "Look!");
});

test("a text that is the HTTPS address of a file is a file, any other address is a text", () => {
  const file = { url, name: "summit.jpg", mediaType: "image/jpeg" };
  assert.deepEqual(eventOf(`<body>${url}</body>`)[1], { id: "m1", attachments: [file] });
  const texts = [
    `see ${url}`,
    `${url}?size=large`,
    `${url}#top`,
    url.replace("https", "http"),
    "https://files.example.org/summit",
    "https://files.example.org/index.html",
    "https://summit.jpg",
    "https://user:pw@files.example.org/a.jpg",
  ];
  for (const text of texts)
    assert.deepEqual(eventOf(`<body>${text.replace("&", "&amp;")}</body>`)[1], { id: "m1", body: text });
});

test("names are no paths and hide nothing, numbers are numbers, addresses are of the web", () => {
  const named = (name: string) =>
    (filesOf(shared(`<name>${name}</name>`, "https://a.example/")) as { name?: string }[])[0]?.name;
  assert.equal(named("/etc/passwd"), "passwd");
  assert.equal(named("..\\..\\boot.ini"), "boot.ini");
  assert.equal(named("a&#9;b\u202egpj.exe"), "abgpj.exe");
  for (const none of ["..", ".", "a/", " "]) assert.equal(named(none), undefined);
  assert.equal(named("x".repeat(300))?.length, limits.nameCharsMax);
  const odd =
    "<size>-1</size><dimensions>4x</dimensions><media-type>image</media-type><hash xmlns='urn:xmpp:hashes:2' algo='md5'>x</hash>";
  assert.deepEqual(filesOf(shared(odd, "https://a.example/")), [{ url: "https://a.example/", width: 4 }]);
  assert.deepEqual(filesOf(shared("<size>99999999999999999</size><width>3</width>", "https://a.example/")), [
    { url: "https://a.example/", width: 3 },
  ]);
});

test("a file that cannot be fetched comes back, unless the message says something else", () => {
  const unusable = [
    "ftp://a.example/x",
    "file:///etc/passwd",
    "javascript:alert(1)",
    `https://a.example/${"x".repeat(5000)}`,
    "https://",
    "",
  ];
  for (const address of unusable) {
    const [condition] = refusalOf(received('type="chat" id="m1"', oob(address)));
    assert.equal(condition, "not-acceptable", address);
    assert.deepEqual(eventOf(`<body>hi</body>${oob(address)}`)[1], { id: "m1", body: "hi" });
  }
  assert.equal(refusalOf(received('id="m1"', shared("<name>a</name>")))[0], "not-acceptable");
});

test("a native system without attachments reads the addresses", () => {
  const without = { attachments: false } as const;
  assert.deepEqual(eventOf(`<body>${url}</body>${oob()}`, without)[1], { id: "m1", body: url });
  assert.deepEqual(eventOf(`<body>${url}</body>`, without)[1], { id: "m1", body: url });
  assert.deepEqual(eventOf(`<body>Look!</body>${shared("", url)}`, without)[1], {
    id: "m1",
    body: `Look!\n${url}`,
  });
});

test("a file that is too large comes back, and of too many the last are addresses in the text", () => {
  const small = { attachments: { bytesMax: 100 } };
  assert.equal(refusalOf(received('id="m1"', shared("<size>101</size>", url), small))[0], "not-acceptable");
  assert.ok(eventOf(shared("<size>100</size>", url), small)[1]["attachments"]);
  const many = Array.from({ length: limits.attachmentsMax + 2 }, (_, n) =>
    oob(`https://a.example/${n}`),
  ).join("");
  const [, data] = eventOf(many);
  assert.equal((data["attachments"] as unknown[]).length, limits.attachmentsMax);
  assert.equal(data["body"], "https://a.example/32\nhttps://a.example/33");
});
