/** What messages say: brings a stanza to about 520 bytes. */
export const messageText = "All work and no play makes a dull benchmark. ".repeat(9).trim();
