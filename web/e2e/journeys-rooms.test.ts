import { expect, it } from "vitest";
import { message, pair, toast, told } from "./pair.ts";

const two = pair();

it("makes a public channel, which somebody finds and joins", async () => {
  const { alice, bob } = two;
  const { page } = alice;
  await page.getByRole("button", { name: "New conversation" }).first().click();
  await page.getByRole("tab", { name: "Channel" }).click();
  await page.getByLabel("Name").fill("tides");
  await page.getByLabel("Topic").fill("High and low water");
  await page.getByRole("radio", { name: "Everybody" }).check({ force: true });
  await page.getByRole("button", { name: "Create" }).click();
  await alice.composer.waitFor();
  await alice.write("High at noon");

  await bob.page.getByRole("button", { name: "New conversation" }).first().click();
  await bob.page.getByRole("tab", { name: "Browse" }).click();
  await bob.page.getByRole("searchbox", { name: "Find public channels" }).fill("tid");
  await bob.page.getByRole("button", { name: "Join tides" }).click();
  await bob.composer.waitFor();
  await message(bob, "High at noon").waitFor();
  await told(alice, "Bob Baker joined").waitFor();
  await page.getByText("2 members").waitFor();
});

it("lets somebody in who follows an invite link and has no account yet", async () => {
  const { alice } = two;
  await two.group("Regatta");
  await alice.open("Regatta");
  await alice.write("Welcome to whoever comes");
  await alice.page.getByRole("button", { name: "Details", exact: true }).last().click();
  await alice.page.getByRole("button", { name: "Invite links" }).click();
  const dialog = alice.page.getByRole("dialog", { name: "Invite links" });
  await dialog.getByRole("button", { name: "Create link" }).click();
  const link = (await dialog.locator("bdi").first().textContent()) ?? "";
  expect(link).toMatch(/\/i\/[\w-]+$/);

  const carol = await two.arrive();
  await carol.page.goto(link);
  await carol.page.getByText("You have been invited to a conversation.").waitFor();
  await carol.page.getByRole("link", { name: "Create account" }).or(carol.page.getByRole("button", { name: "Create account" })).first().click();
  await carol.fillSignUp("carol", "Carol Cook");
  await carol.page.getByRole("heading", { name: "Regatta" }).waitFor();
  await carol.page.getByText("Alice Archer invites you").waitFor();
  await carol.page.getByRole("button", { name: "Join" }).click();
  await carol.composer.waitFor();
  await message(carol, "Welcome to whoever comes").waitFor();
  await dialog.getByRole("button", { name: "Revoke link" }).click();
  await dialog.getByText("There are no links.").waitFor();
  await carol.page.goto(link);
  await carol.page.getByText("This invite link is used up, expired or revoked.").waitFor();
  // The browser logs the refusal.
  carol.complaints.length = 0;
  await alice.page.keyboard.press("Escape");
  await alice.page.getByText("3 members").first().waitFor();
});

it("changes roles and removes members, who hear of it at once", async () => {
  const { alice, bob } = two;
  await two.together("Crew");
  await alice.page.getByRole("button", { name: "Members", exact: true }).click();
  const manage = alice.page.getByRole("button", { name: "Manage Bob Baker" });
  await manage.click();
  await alice.page.getByRole("menuitemcheckbox", { name: "Moderator" }).click();
  await toast(alice, "Role of Bob Baker: Moderator").waitFor();
  await told(bob, "Alice Archer made Bob Baker a moderator").waitFor();
  await manage.click();
  await alice.page.getByRole("menuitem", { name: "Remove from conversation" }).click();
  await toast(alice, "Bob Baker is removed.").waitFor();
  await bob.row("Crew").waitFor({ state: "detached" });
  await alice.page.getByRole("button", { name: "Undo" }).click();
  await bob.row("Crew").waitFor();
  await alice.page.getByRole("searchbox", { name: "Find a member" }).fill("bob");
  await manage.waitFor();
  // The browser logs that whoever was removed may not look any more.
  bob.complaints.length = 0;
});

it("changes what a group is called, and brings people in", async () => {
  const { alice, bob } = two;
  const dora = await two.arrive();
  await dora.signUp("dora", "Dora Diver");
  await two.together("Old name");
  await alice.page.getByRole("button", { name: "Details", exact: true }).last().click();
  await alice.page.getByRole("button", { name: "Edit conversation" }).click();
  await alice.page.getByRole("dialog").getByLabel("Name").fill("New name");
  await alice.page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await bob.page.getByRole("heading", { name: "New name" }).waitFor();
  await told(bob, "Alice Archer changed the name to New name").waitFor();
  await alice.page.getByRole("button", { name: "Add people" }).click();
  await alice.page.getByRole("combobox", { name: "Who should come in?" }).fill("dora");
  await alice.page.getByRole("option", { name: "@dora" }).click();
  await alice.page.getByRole("dialog").getByRole("button", { name: "Add people" }).click();
  await toast(alice, "1 person added.").waitFor();
  await dora.open("New name");
  await told(bob, "Alice Archer added Dora Diver").waitFor();
});

it("keeps somebody away who is blocked, and lets them near again", async () => {
  const { alice, bob } = two;
  await alice.startDirect("bob");
  await bob.open("Alice Archer");
  await bob.write("Hello?");
  await alice.sees(["Hello?"]);
  await alice.page.goto(`${two.natter.url}/settings/privacy`);
  await alice.page.getByText("You have blocked nobody.").waitFor();
  await two.together("Where both are");
  await bob.write("I am here, too");
  await message(alice, "I am here, too").getByRole("button", { name: "Bob Baker" }).click();
  const card = alice.page.getByRole("dialog", { name: "Bob Baker" });
  await card.getByRole("button", { name: "Block" }).click();
  await card.getByText("You have blocked this person.").waitFor();
  await bob.open("Alice Archer");
  await bob.write("Anybody?");
  await message(bob, "Anybody?").getByText("Not sent").waitFor();
  await card.getByRole("button", { name: "Unblock" }).click();
  await card.getByRole("button", { name: "Block" }).waitFor();
  await alice.page.keyboard.press("Escape");
  await message(bob, "Anybody?").getByRole("button", { name: "Try again" }).click();
  await alice.open("Bob Baker");
  await alice.sees(["Hello?", "Anybody?"]);
  for (const person of [alice, bob]) person.complaints.length = 0;
});
