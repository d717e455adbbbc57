/** The network between connector and server drops what it is given, in the middle of messages both ways. */
import { testFaults } from "#test/harness/catalogue.ts";

testFaults(["link-silent", "link-silent-up", "link-silent-down"]);
