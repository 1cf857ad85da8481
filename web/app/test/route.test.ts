import { expect, test } from "vitest";
import { parent, parse, paths } from "../src/route.ts";

const parsed = (address: string) => {
  const url = new URL(address, "https://chat.example.com");
  return parse(url.pathname, url.search);
};

test.each([
  ["/", { page: "home" }],
  ["/sign-up", { page: "sign-up" }],
  ["/i/aB3-x", { page: "invite", code: "aB3-x" }],
  ["/c/1", { page: "conversation", id: "1", messageId: undefined, side: undefined }],
  ["/c/1?side=members", { page: "conversation", id: "1", messageId: undefined, side: { pane: "members" } }],
  ["/c/1?side=thread:9", { page: "conversation", id: "1", messageId: undefined, side: { pane: "thread", messageId: "9" } }],
  ["/c/1?side=thread", { page: "conversation", id: "1", messageId: undefined, side: undefined }],
  ["/c/1?side=kitchen", { page: "conversation", id: "1", messageId: undefined, side: undefined }],
  ["/c/1/m/2?side=pins", { page: "conversation", id: "1", messageId: "2", side: { pane: "pins" } }],
  ["/search?q=a+b", { page: "search", query: "a b" }],
  ["/settings", { page: "settings", section: "profile" }],
  ["/settings/devices", { page: "settings", section: "devices" }],
])("%s", (address, route) => {
  expect(parsed(address)).toEqual(route);
});

test.each(["/c", "/c/", "/c/1/x/2", "/c/1/m", "/c/1/m/2/3", "/i", "/settings/kitchen", "/%E0%A4%A", "/c/%E0%A4%A"])(
  "there is nothing at %s",
  (address) => {
    expect(parsed(address)).toEqual({ page: "nowhere" });
  },
);

test("addresses lead where they say", () => {
  expect(parsed(paths.message("a/b", "c?d"))).toMatchObject({ id: "a/b", messageId: "c?d" });
  expect(parsed(paths.conversation("a", { pane: "thread", messageId: "m" }))).toMatchObject({
    side: { pane: "thread", messageId: "m" },
  });
  expect(parsed(paths.search("#1 & 2"))).toEqual({ page: "search", query: "#1 & 2" });
  expect(parsed(paths.settings("devices"))).toEqual({ page: "settings", section: "devices" });
});

test.each([
  ["/c/1?side=members", "/c/1"],
  ["/c/1", "/"],
  ["/c/1/m/2", "/"],
  ["/settings/devices", "/"],
])("back from %s is %s", (address, back) => {
  expect(parent(parsed(address))).toBe(back);
});
