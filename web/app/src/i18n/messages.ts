// Generated from en/ by `npm run generate`. Do not edit.

/** Every sentence that the client says. */
export interface Messages {
  /** Message {title} */
  writeTo: (values: { title: string }) => string;
  /** Send */
  send: string;
  /** {count, plural, one {# character} other {# characters}} too long */
  tooLong: (values: { count: number }) => string;
  /** Back to conversations */
  back: string;
  /** Messages in {title} */
  messagesWith: (values: { title: string }) => string;
  /** Loading messages */
  loadingMessages: string;
  /** Loading older messages */
  loadingOlder: string;
  /** This is the start of {title}. */
  startOfConversation: (values: { title: string }) => string;
  /** No messages yet. Say hello. */
  noMessages: string;
  /** Go to the latest messages */
  toLatest: string;
  /** {count, plural, one {# member} other {# members}} */
  memberCount: (values: { count: number }) => string;
  /** {name} is writing… */
  writingOne: (values: { name: string }) => string;
  /** {name} and {other} are writing… */
  writingTwo: (values: { name: string; other: string }) => string;
  /** Several people are writing… */
  writingMany: string;
  /** This conversation does not exist, or you are not in it. */
  gone: string;
  /** {count, plural, one {# new message} other {# new messages}} */
  newMessages: (values: { count: number }) => string;
  /** {sender}: {text} */
  from: (values: { sender: string; text: string }) => string;
  /** Username */
  username: string;
  /** 2 to 32 characters: letters, digits, dot, dash and underscore */
  usernameHint: string;
  /** Password */
  password: string;
  /** At least 8 characters */
  passwordHint: string;
  /** Display name (optional) */
  displayName: string;
  /** Sign in */
  signIn: string;
  /** Create account */
  signUp: string;
  /** New here? */
  newHere: string;
  /** Already have an account? */
  haveAccount: string;
  /** Please fill this in. */
  required: string;
  /** Conversations */
  conversations: string;
  /** Loading conversations */
  loadingConversations: string;
  /** No conversations yet. Start one with somebody you know. */
  noConversations: string;
  /** No messages yet */
  noMessagesYet: string;
  /** New conversation */
  newConversation: string;
  /** Choose a conversation, or start a new one. */
  chooseConversation: string;
  /** What kind of conversation? */
  kind: string;
  /** Direct */
  direct: string;
  /** Between you and one other person */
  directHint: string;
  /** Group */
  group: string;
  /** Between people who are invited */
  groupHint: string;
  /** Channel */
  channel: string;
  /** A room with a name and a topic */
  channelHint: string;
  /** Name */
  name: string;
  /** Topic (optional) */
  topic: string;
  /** Members (optional) */
  membersOptional: string;
  /** Usernames, separated by spaces or commas */
  membersHint: string;
  /** Their username */
  otherUsername: string;
  /** Who can find it? */
  visibility: string;
  /** Members only */
  private: string;
  /** Everybody */
  public: string;
  /** Create */
  create: string;
  /** Start conversation */
  startConversation: string;
  /** {count, plural, one {# unread message} other {# unread messages}} */
  unread: (values: { count: number }) => string;
  /** This message was deleted */
  deleted: string;
  /** edited */
  edited: string;
  /** You */
  you: string;
  /** Waiting to be sent */
  queued: string;
  /** Sent */
  sent: string;
  /** Not sent */
  failed: string;
  /** Try again */
  retry: string;
  /** Delete */
  discard: string;
  /** Code */
  code: string;
  /** Copy code */
  copyCode: string;
  /** Copied */
  copied: string;
  /** The browser did not allow to copy */
  notCopied: string;
  /** Somebody */
  somebody: string;
  /** Online */
  presenceOnline: string;
  /** Away */
  presenceAway: string;
  /** Do not disturb */
  presenceBusy: string;
  /** Offline */
  presenceOffline: string;
  /** Natter */
  appName: string;
  /** Sign out */
  signOut: string;
  /** You are signed out on this device. The server could not be told, so your session there ends by itself after 30 days. */
  signedOutHereOnly: string;
  /** Sign out and lose unsent messages? */
  unsentTitle: string;
  /** {count, plural, one {One message has not been sent yet. It is deleted when you sign out.} other {# messages have not been sent yet. They are deleted when you sign out.}} */
  unsentText: (values: { count: number }) => string;
  /** Stay signed in */
  stay: string;
  /** Cancel */
  cancel: string;
  /** Today */
  today: string;
  /** Yesterday */
  yesterday: string;
  /** No connection. Messages wait here and are sent when it is back. */
  offline: string;
  /** Connecting… */
  syncing: string;
  /** This could not be loaded. */
  failedToLoad: string;
  /** There is nothing at this address. */
  nothingHere: string;
  /** Go to your conversations */
  toConversations: string;
  /** Request {id} */
  requestId: (values: { id: string }) => string;
  /** The server cannot be reached. Check the connection and try again. */
  noServer: string;
  /** Something went wrong. Try again. */
  unexpected: string;
}
