import { expect, test } from "bun:test";
import { classifyHost } from "../../../src/assets/transfer/address-class.ts";

test.each([
  ["example.com", "public"],
  ["8.8.8.8", "public"],
  ["[2606:4700::1111]", "public"],
  ["localhost", "loopback"],
  ["api.localhost", "loopback"],
  ["127.8.9.1", "loopback"],
  ["0.0.0.0", "loopback"],
  ["[::1]", "loopback"],
  ["[::ffff:7f00:1]", "loopback"],
  ["10.1.2.3", "private"],
  ["172.31.0.1", "private"],
  ["172.32.0.1", "public"],
  ["192.168.1.1", "private"],
  ["100.64.0.1", "private"],
  ["[fd12::1]", "private"],
  ["169.254.169.254", "link-local"],
  ["[fe80::1]", "link-local"],
  ["[fd00:ec2::254]", "link-local"],
  ["100.100.100.200", "link-local"],
  ["METADATA.google.internal", "link-local"],
  ["metadata.google.internal.", "link-local"],
  ["localhost.", "loopback"],
  ["[::ffff:169.254.169.254]", "link-local"],
  ["[::ffff:a00:1]", "private"],
  ["[::7f00:1]", "private"],
  ["[2002:7f00:1::]", "loopback"],
  ["[2002:808:808::]", "public"],
  ["[2001:0:4136:e378::]", "private"],
  ["[64:ff9b::a9fe:a9fe]", "link-local"],
  ["[64:ff9b:1::1]", "private"],
  ["fe80::1%eth0", "link-local"],
] as const)("%s is %s", (host, expected) => {
  expect(classifyHost(host)).toBe(expected);
});

test("addresses in odd notations are seen through, as the url parser normalises them", () => {
  for (const odd of ["0x7f.1", "2130706433", "0177.0.0.1", "127.1"]) {
    expect(classifyHost(new URL(`http://${odd}/`).hostname)).toBe("loopback");
  }
});
