import { Value, type Account, type Readable, type Schemas } from "@natter/sdk";

export type Scheduled = Schemas["ScheduledMessage"];

/** What somebody has scheduled, the next one first. One list for all conversations, as the server has it. */
export class Schedule {
  readonly #list = new Value<readonly Scheduled[]>([]);
  readonly list: Readable<readonly Scheduled[]> = this.#list;

  constructor(private readonly account: Account) {
    void this.#look();
    // Perhaps it was one of these.
    account.on("message.new", ({ sender }) => {
      if (sender.id === account.user.id && this.#list.get().length > 0) void this.#look();
    });
  }

  async refresh(): Promise<void> {
    const { data } = await this.account.call("GET /users/me/scheduled-messages");
    this.#list.set([...data].sort((a, b) => Date.parse(a.sendAt) - Date.parse(b.sendAt)));
  }

  async add(conversationId: string, body: Schemas["Later"]): Promise<Scheduled> {
    const made = await this.account.call("POST /conversations/{id}/scheduled-messages", { path: { id: conversationId }, body });
    await this.#look();
    return made;
  }

  async cancel(id: string): Promise<void> {
    await this.account.call("DELETE /users/me/scheduled-messages/{id}", { path: { id } });
    this.#list.set(this.#list.get().filter((scheduled) => scheduled.id !== id));
  }

  /** The list is shown as it was if it cannot be fetched; whoever opens it asks again, and is told. */
  #look(): Promise<void> {
    return this.refresh().catch((error: unknown) => console.warn(error));
  }
}

const all = new WeakMap<Account, Schedule>();

export function scheduleOf(account: Account): Schedule {
  const schedule = all.get(account) ?? new Schedule(account);
  all.set(account, schedule);
  return schedule;
}
