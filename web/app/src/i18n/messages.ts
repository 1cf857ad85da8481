// Generated from en/ by `npm run generate`. Do not edit.

/** Every sentence that the client says. */
export interface Messages {
  /** Message {title} */
  writeTo: (values: { title: string }) => string;
  /** Reply in thread */
  writeInThread: string;
  /** Send */
  send: string;
  /** Save changes */
  saveEdit: string;
  /** {count, plural, one {# character} other {# characters}} too long */
  tooLong: (values: { count: number }) => string;
  /** Reply to {name} */
  replyingTo: (values: { name: string }) => string;
  /** Edit message */
  editingMessage: string;
  /** Cancel reply */
  cancelReply: string;
  /** Cancel editing */
  cancelEdit: string;
  /** Your changes were dropped. */
  editCancelled: string;
  /** Go on editing */
  goOnEditing: string;
  /** Voice message */
  voiceMessage: string;
  /** People to mention */
  suggestedPeople: string;
  /** Matching emoji */
  suggestedEmoji: string;
  /** {count, plural, one {# suggestion} other {# suggestions}}. Up and down arrows choose, Enter inserts. */
  suggestions: (values: { count: number }) => string;
  /** Everybody in this conversation */
  mentionAll: string;
  /** Everybody who is online */
  mentionHere: string;
  /** Attach files */
  attachFiles: string;
  /** Files to send */
  filesToSend: string;
  /** Waiting */
  fileWaiting: string;
  /** {percent, number, percent} uploaded */
  uploadProgress: (values: { percent: number }) => string;
  /** Upload of {name} */
  uploadOf: (values: { name: string }) => string;
  /** Remove {name} */
  removeFile: (values: { name: string }) => string;
  /** Cancel upload of {name} */
  cancelUploadOf: (values: { name: string }) => string;
  /** Upload {name} again */
  retryUpload: (values: { name: string }) => string;
  /** {name} is empty. */
  fileEmpty: (values: { name: string }) => string;
  /** {name} cannot be read. Folders cannot be sent. */
  fileUnreadable: (values: { name: string }) => string;
  /** {name} is too large: {size}. Files can have up to {max}. */
  fileTooLarge: (values: { max: string; name: string; size: string }) => string;
  /** {count, plural, one {# file was} other {# files were}} left out: a message can have up to {max, plural, one {# file} other {# files}}. */
  filesTooMany: (values: { count: number; max: number }) => string;
  /** Files of the type {type} are not taken here. */
  fileTypeNotAllowed: (values: { type: string }) => string;
  /** The content is not what the name says. */
  fileTypeMismatch: string;
  /** The file is damaged or too large a picture. */
  fileNotValid: string;
  /** There is no room left on the server. */
  fileNoRoom: string;
  /** Dismiss */
  dismissRefusals: string;
  /** A file could not be uploaded. Try it again or remove it. */
  filesFailed: string;
  /** The files are still being uploaded. */
  filesStillUploading: string;
  /** Emoji */
  emoji: string;
  /** Insert emoji */
  insertEmoji: string;
  /** Search emoji */
  searchEmoji: string;
  /** No emoji has this name. */
  noEmojiFound: string;
  /** Loading emoji */
  loadingEmoji: string;
  /** Emoji groups */
  emojiGroups: string;
  /** Found */
  emojiFound: string;
  /** Recently used */
  emojiRecent: string;
  /** Smileys and emotion */
  emojiSmileys: string;
  /** People and body */
  emojiPeople: string;
  /** Animals and nature */
  emojiAnimals: string;
  /** Food and drink */
  emojiFood: string;
  /** Travel and places */
  emojiTravel: string;
  /** Activities */
  emojiActivities: string;
  /** Objects */
  emojiObjects: string;
  /** Symbols */
  emojiSymbols: string;
  /** Flags */
  emojiFlags: string;
  /** Skin tone */
  skinTone: string;
  /** No skin tone */
  toneNone: string;
  /** Light skin tone */
  toneLight: string;
  /** Medium-light skin tone */
  toneMediumLight: string;
  /** Medium skin tone */
  toneMedium: string;
  /** Medium-dark skin tone */
  toneMediumDark: string;
  /** Dark skin tone */
  toneDark: string;
  /** Record a voice message */
  recordVoice: string;
  /** Recording */
  recording: string;
  /** Recording paused */
  recordingPaused: string;
  /** Recording finished */
  recordingDone: string;
  /** Pause recording */
  pauseRecording: string;
  /** Continue recording */
  resumeRecording: string;
  /** Stop and listen */
  stopRecording: string;
  /** Discard recording */
  discardRecording: string;
  /** Play recording */
  playRecording: string;
  /** Pause playback */
  pausePlayback: string;
  /** Allow the microphone in your browser to record. */
  microphoneAsking: string;
  /** The browser does not let this page use the microphone. Allow it in the browser’s settings for this site, then try again. */
  microphoneDenied: string;
  /** No microphone was found. Connect one, then try again. */
  microphoneAbsent: string;
  /** Browsers give the microphone only to pages with a secure address (https). */
  microphoneInsecure: string;
  /** This browser cannot record voice messages. */
  microphoneUnsupported: string;
  /** The microphone could not be used. Perhaps another program has it. */
  microphoneBroken: string;
  /** Schedule message */
  scheduleMessage: string;
  /** Schedule */
  schedule: string;
  /** When to send */
  whenToSend: string;
  /** Later today */
  laterToday: string;
  /** Tomorrow morning */
  tomorrowMorning: string;
  /** Monday morning */
  mondayMorning: string;
  /** Another time */
  ownTime: string;
  /** Choose a time in the future. */
  timeIsPast: string;
  /** Will be sent: {time} */
  scheduledFor: (values: { time: string }) => string;
  /** Scheduled here */
  scheduledMessages: string;
  /** {count, plural, one {# scheduled message} other {# scheduled messages}} */
  scheduledCount: (values: { count: number }) => string;
  /** Cancel this message */
  cancelScheduled: string;
  /** The scheduled message was cancelled. */
  scheduledCancelled: string;
  /** Undo */
  undoCancelScheduled: string;
  /** It could not be sent when its time had come. */
  scheduledFailed: string;
  /** Nothing is scheduled here. */
  nothingScheduled: string;
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
  /** {count, plural, one {Go to the latest messages, # new} other {Go to the latest messages, # new}} */
  toLatestNew: (values: { count: number }) => string;
  /** New */
  newLine: string;
  /** This message is not there any more. */
  messageGone: string;
  /** Last seen {when} */
  lastSeen: (values: { when: string }) => string;
  /** Search in this conversation */
  searchHere: string;
  /** Pinned messages */
  pinnedMessages: string;
  /** Pinned message */
  pinnedMessage: string;
  /** Pinned message {index, number} of {count, number} */
  pinnedOf: (values: { count: number; index: number }) => string;
  /** Files */
  sharedFiles: string;
  /** Details */
  conversationDetails: string;
  /** More about this conversation */
  conversationMenu: string;
  /** Drop files here to send them to {title} */
  dropFiles: (values: { title: string }) => string;
  /** This conversation is archived. It can be read, but nobody can write in it. */
  archivedForAll: string;
  /** This conversation is closed. It can be read, but nobody can write in it. */
  closedForAll: string;
  /** Thread */
  thread: string;
  /** Close thread */
  closeThread: string;
  /** Messages in the thread */
  messagesInThread: string;
  /** No replies yet. Write the first one. */
  noReplies: string;
  /** Members */
  showMembers: string;
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
  /** 2 to 32 characters: letters without accents, digits, dot, dash and underscore; a letter or digit first. */
  usernameWrong: string;
  /** At least 8 characters, at most 256. */
  passwordWrong: string;
  /** {max, plural, one {At most # character.} other {At most # characters.}} */
  displayNameWrong: (values: { max: number }) => string;
  /** Show password */
  showPassword: string;
  /** Try again in {time} */
  againIn: (values: { time: string }) => string;
  /** The username or the password is wrong. */
  wrongPassword: string;
  /** Somebody has this username already. */
  usernameTaken: string;
  /** New accounts cannot be created here. */
  registrationClosed: string;
  /** This account is disabled. */
  accountDisabled: string;
  /** You have been invited to a conversation. Sign in or create an account to see it. */
  invitedSignIn: string;
  /** Invite */
  inviteTitle: string;
  /** This invite link is used up, expired or revoked. Ask for a new one. */
  inviteNotValid: string;
  /** {name} invites you */
  invitedBy: (values: { name: string }) => string;
  /** You are in it already. */
  alreadyIn: string;
  /** Language */
  languageLabel: string;
  /** Language of the browser */
  languageOfBrowser: string;
  /** About this conversation */
  aboutConversation: string;
  /** About this person */
  aboutPerson: string;
  /** Back to details */
  backToDetails: string;
  /** Close pane */
  closePane: string;
  /** This conversation does not exist, or you are not in it. */
  conversationGone: string;
  /** Members */
  membersTitle: string;
  /** Pinned messages */
  pinnedMessagesTitle: string;
  /** Created: {time} */
  createdOn: (values: { time: string }) => string;
  /** This conversation is archived for everybody: it can be read, but takes no messages. */
  statusArchivedText: string;
  /** This conversation is closed: it can be read, but takes no messages. */
  statusClosedText: string;
  /** Direct conversation */
  kindDirect: string;
  /** Group */
  kindGroup: string;
  /** Public channel */
  kindPublicChannel: string;
  /** Private channel */
  kindPrivateChannel: string;
  /** Member */
  roleMember: string;
  /** Moderator */
  roleModerator: string;
  /** Admin */
  roleAdmin: string;
  /** Owner */
  roleOwner: string;
  /** Add people */
  addPeople: string;
  /** Add people to {title} */
  addPeopleTo: (values: { title: string }) => string;
  /** Who should come in? */
  whoToAdd: string;
  /** {name} could not be added. {why} */
  notAdded: (values: { name: string; why: string }) => string;
  /** {count, plural, one {# person added.} other {# people added.}} */
  peopleAdded: (values: { count: number }) => string;
  /** Edit conversation */
  editConversation: string;
  /** Delete for everybody */
  deleteConversation: string;
  /** Delete {title} for everybody? */
  deleteConversationTitle: (values: { title: string }) => string;
  /** {count, plural, one {All its messages and files are deleted for its # member. This cannot be undone.} other {All its messages and files are deleted for all # members. This cannot be undone.}} */
  deleteConversationText: (values: { count: number }) => string;
  /** {title} is deleted. */
  conversationDeleted: (values: { title: string }) => string;
  /** Link previews */
  linkPreviewsHere: string;
  /** Shows what is behind the links that are sent here. */
  linkPreviewsHereHint: string;
  /** State */
  statusLabel: string;
  /** Active */
  statusActive: string;
  /** Archived */
  statusArchived: string;
  /** Can be read by its members; nobody can write. */
  statusArchivedHint: string;
  /** Closed */
  statusClosed: string;
  /** The same, and says that it is over. */
  statusClosedHint: string;
  /** Invite links */
  inviteLinks: string;
  /** Whoever has a link can join. Give it only to people who should. */
  inviteLinksHint: string;
  /** Works for */
  lifetime: string;
  /** 1 hour */
  lifetimeHour: string;
  /** 1 day */
  lifetimeDay: string;
  /** 7 days */
  lifetimeWeek: string;
  /** 30 days */
  lifetimeMonth: string;
  /** Always */
  lifetimeEver: string;
  /** Lets in */
  usesLabel: string;
  /** Any number of people */
  anyNumber: string;
  /** Create link */
  createLink: string;
  /** Links that work */
  activeLinks: string;
  /** There are no links. */
  noLinks: string;
  /** Copy link */
  copyInvite: string;
  /** Revoke link */
  revokeInvite: string;
  /** Link copied. */
  linkCopied: string;
  /** The link lets nobody in any more. */
  linkRevoked: string;
  /** Until {time} */
  validUntil: (values: { time: string }) => string;
  /** No end */
  validForEver: string;
  /** {count, plural, =0 {not used yet} one {used by # person} other {used by # people}} */
  usedBy: (values: { count: number }) => string;
  /** used by {count, number} of {max, number} */
  usedByOf: (values: { count: number; max: number }) => string;
  /** Find a member */
  findMember: string;
  /** Manage {name} */
  manageMember: (values: { name: string }) => string;
  /** {name} (you) */
  nameAndYou: (values: { name: string }) => string;
  /** Remove from conversation */
  removeMember: string;
  /** {name} is removed. */
  memberRemoved: (values: { name: string }) => string;
  /** Role of {name}: {role} */
  roleChanged: (values: { name: string; role: string }) => string;
  /** Make owner */
  makeOwner: string;
  /** Make {name} the owner? */
  makeOwnerTitle: (values: { name: string }) => string;
  /** You become an admin. Only the new owner can give it back. */
  makeOwnerText: string;
  /** Kinds of files */
  kindsOfFiles: string;
  /** Pictures */
  pictures: string;
  /** Videos */
  films: string;
  /** Audio */
  sound: string;
  /** Documents */
  documents: string;
  /** No pictures have been shared here yet. */
  noPictures: string;
  /** No videos have been shared here yet. */
  noFilms: string;
  /** No voice messages or audio have been shared here yet. */
  noSound: string;
  /** No documents have been shared here yet. */
  noDocuments: string;
  /** Go to the message by {name} */
  toMessageOf: (values: { name: string }) => string;
  /** Looking… */
  looking: string;
  /** Nothing is pinned here yet. Pin a message to find it again quickly. */
  nothingPinned: string;
  /** Unpin the message by {name} */
  unpinFrom: (values: { name: string }) => string;
  /** The message is not pinned any more. */
  unpinned: string;
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
  /** Which conversations to show */
  filters: string;
  /** All */
  filterAll: string;
  /** Unread */
  filterUnread: string;
  /** Direct */
  filterDirect: string;
  /** Groups */
  filterGroups: string;
  /** Channels */
  filterChannels: string;
  /** Archived */
  filterArchived: string;
  /** You have read everything. */
  nothingUnread: string;
  /** There is nothing here yet. */
  nothingHereYet: string;
  /** Show all conversations */
  showAll: string;
  /** Go to… */
  jumpTo: string;
  /** A conversation, a person, or words of a message */
  jumpToHint: string;
  /** Search messages for “{query}” */
  searchMessagesFor: (values: { query: string }) => string;
  /** Opening */
  opening: string;
  /** Draft: */
  draft: string;
  /** is writing… */
  isWriting: string;
  /** Muted */
  muted: string;
  /** Pinned to the top */
  onTop: string;
  /** {count, plural, one {# mention} other {# mentions}} */
  mentions: (values: { count: number }) => string;
  /** Actions for {title} */
  moreAbout: (values: { title: string }) => string;
  /** Pin to the top */
  pinConversation: string;
  /** Unpin */
  unpinConversation: string;
  /** Mute… */
  muteMenu: string;
  /** Unmute */
  unmute: string;
  /** Mute for how long? */
  muteHowLong: string;
  /** {hours, plural, =24 {For a day} =168 {For a week} one {For # hour} other {For # hours}} */
  muteHours: (values: { hours: number }) => string;
  /** Until I unmute it */
  muteForGood: string;
  /** Archive */
  archive: string;
  /** Take out of the archive */
  unarchive: string;
  /** {title} is archived. */
  archived: (values: { title: string }) => string;
  /** {title} is back in the list. */
  unarchived: (values: { title: string }) => string;
  /** Mark as read */
  markRead: string;
  /** Mark everything as read */
  markAllRead: string;
  /** Everything is marked as read. */
  allRead: string;
  /** Leave */
  leave: string;
  /** Leave {title}? */
  leaveTitle: (values: { title: string }) => string;
  /** You can join again at any time. */
  leavePublic: string;
  /** You can come back only if somebody invites you. */
  leavePrivate: string;
  /** Browse */
  browse: string;
  /** Find public channels */
  findChannels: string;
  /** There are no public channels yet. */
  noChannels: string;
  /** No public channel is called that. */
  noChannelFound: string;
  /** Open */
  open: string;
  /** Join */
  join: string;
  /** Open {title} */
  openChannel: (values: { title: string }) => string;
  /** Join {title} */
  joinChannel: (values: { title: string }) => string;
  /** With whom? */
  withWhom: string;
  /** Choose somebody. */
  choosePerson: string;
  /** Only people who are invited */
  privateHint: string;
  /** Everybody with an account can find and join it */
  publicHint: string;
  /** Previous conversation */
  previousConversation: string;
  /** Next conversation */
  nextConversation: string;
  /** Previous unread conversation */
  previousUnread: string;
  /** Next unread conversation */
  nextUnread: string;
  /** Open picture {name} */
  openPicture: (values: { name: string }) => string;
  /** {count, plural, one {Open picture {name} and # more} other {Open picture {name} and # more}} */
  openPictureOfMore: (values: { count: number; name: string }) => string;
  /** +{count, number} */
  morePictures: (values: { count: number }) => string;
  /** Open video {name} */
  openFilm: (values: { name: string }) => string;
  /** Play animation */
  playAnimation: string;
  /** Stop animation */
  pauseAnimation: string;
  /** This file is no longer available. */
  fileGone: string;
  /** The file could not be loaded. */
  fileNotLoaded: string;
  /** This file cannot be played here. */
  fileNotPlayed: string;
  /** A virus was found in this file, so it was deleted. */
  fileInfected: string;
  /** Being checked for viruses */
  fileScanning: string;
  /** Not checked for viruses yet */
  fileUnscanned: string;
  /** Not sent */
  fileNotSent: string;
  /** {percent} of {size} */
  fileUploaded: (values: { percent: string; size: string }) => string;
  /** {size}, waiting */
  fileWaits: (values: { size: string }) => string;
  /** Uploading {name} */
  sendingFile: (values: { name: string }) => string;
  /** Cancel sending */
  cancelFile: string;
  /** Open {name} */
  openFile: (values: { name: string }) => string;
  /** Download {name} */
  downloadFile: (values: { name: string }) => string;
  /** Download */
  downloadThis: string;
  /** Loading */
  loadingFile: string;
  /** Only the first {size} are shown. Download the file to see all of it. */
  previewCut: (values: { size: string }) => string;
  /** This file is not text. Download it to open it. */
  previewBinary: string;
  /** Content of {name} */
  contentOf: (values: { name: string }) => string;
  /** {title} – {site}, opens in a new tab */
  linkPreview: (values: { site: string; title: string }) => string;
  /** Voice message from {name} */
  voiceOf: (values: { name: string }) => string;
  /** Play */
  playSound: string;
  /** Pause */
  pauseSound: string;
  /** Stop */
  stopSound: string;
  /** Position */
  soundPosition: string;
  /** {position} of {duration} */
  soundPositionOf: (values: { duration: string; position: string }) => string;
  /** Speed {speed}, change */
  soundSpeed: (values: { speed: string }) => string;
  /** Now playing */
  nowPlaying: string;
  /** Pictures and videos */
  mediaGallery: string;
  /** Close */
  closeGallery: string;
  /** Previous */
  previousPicture: string;
  /** Next */
  nextPicture: string;
  /** Zoom in */
  zoomIn: string;
  /** Zoom out */
  zoomOut: string;
  /** Fit to screen */
  zoomReset: string;
  /** Show in conversation */
  showInConversation: string;
  /** {position, number} of {total, number} */
  placeOf: (values: { position: number; total: number }) => string;
  /** {position, number} of {total, number}: {name}, from {sender} */
  pictureAt: (values: { name: string; position: number; sender: string; total: number }) => string;
  /** {name}, from {sender} */
  pictureBy: (values: { name: string; sender: string }) => string;
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
  /** Read */
  read: string;
  /** React */
  react: string;
  /** Reply */
  reply: string;
  /** Reply in thread */
  replyInThread: string;
  /** Forward */
  forward: string;
  /** Edit */
  edit: string;
  /** Copy text */
  copyText: string;
  /** Copy link */
  copyLink: string;
  /** Pin */
  pinMessage: string;
  /** Unpin */
  unpinMessage: string;
  /** Pinned */
  pinned: string;
  /** Seen by */
  seenBy: string;
  /** {count, plural, one {Seen by # person} other {Seen by # people}} */
  seenByCount: (values: { count: number }) => string;
  /** Nobody has seen it yet. */
  seenByNobody: string;
  /** {count, plural, one {and # other} other {and # others}} */
  andOthers: (values: { count: number }) => string;
  /** Who reacted */
  whoReacted: string;
  /** {emoji}, {count, plural, one {# reaction} other {# reactions}} */
  reactionCount: (values: { count: number; emoji: string }) => string;
  /** Earlier versions */
  earlierVersions: string;
  /** There is nothing here. */
  nothingThere: string;
  /** Loading */
  loadingThis: string;
  /** Don't send */
  cancelSending: string;
  /** Delete */
  deleteMessage: string;
  /** Del */
  deleteKey: string;
  /** Message deleted */
  messageDeleted: string;
  /** The message could not be deleted. */
  notDeleted: string;
  /** Undo */
  undo: string;
  /** Message actions */
  messageActions: string;
  /** More actions */
  moreActions: string;
  /** Forwarded from {name} */
  forwardedFrom: (values: { name: string }) => string;
  /** In a thread */
  inThread: string;
  /** {count, plural, one {# reply} other {# replies}} */
  replyCount: (values: { count: number }) => string;
  /** Show message */
  showMessage: string;
  /** Show more */
  showMore: string;
  /** Show less */
  showLess: string;
  /** {count, plural, one {Show # line} other {Show all # lines}} */
  showAllLines: (values: { count: number }) => string;
  /** Picture */
  pictureAttached: string;
  /** {count, plural, one {# file} other {# files}} */
  filesAttached: (values: { count: number }) => string;
  /** Forward message */
  forwardMessage: string;
  /** Forward to */
  forwardTo: string;
  /** Find a conversation */
  findConversation: string;
  /** No conversation has such a name. */
  noConversationFound: string;
  /** {count, plural, one {Forward to # conversation} other {Forward to # conversations}} */
  forwardToMany: (values: { count: number }) => string;
  /** {count, plural, one {Forwarded to # conversation} other {Forwarded to # conversations}} */
  forwardedTo: (values: { count: number }) => string;
  /** {actor} added {name} */
  systemAdded: (values: { actor: string; name: string }) => string;
  /** {actor} removed {name} */
  systemRemoved: (values: { actor: string; name: string }) => string;
  /** {actor} joined */
  systemJoined: (values: { actor: string }) => string;
  /** {actor} left */
  systemLeft: (values: { actor: string }) => string;
  /** {role, select, owner {{actor} made {name} the owner} admin {{actor} made {name} an admin} moderator {{actor} made {name} a moderator} member {{actor} made {name} a member} other {{actor} made {name} a member}} */
  systemRole: (values: { actor: string; name: string; role: "owner" | "admin" | "moderator" | "member" }) => string;
  /** {actor} changed the name to {title} */
  systemRenamed: (values: { actor: string; title: string }) => string;
  /** {actor} changed the topic: {topic} */
  systemTopic: (values: { actor: string; topic: string }) => string;
  /** {actor} removed the topic */
  systemTopicCleared: (values: { actor: string }) => string;
  /** {visibility, select, public {{actor} made this public} private {{actor} made this private} other {{actor} made this private}} */
  systemVisibility: (values: { actor: string; visibility: "public" | "private" }) => string;
  /** {status, select, archived {{actor} archived this conversation} closed {{actor} closed this conversation} active {{actor} opened this conversation again} other {{actor} opened this conversation again}} */
  systemStatus: (values: { actor: string; status: "archived" | "closed" | "active" }) => string;
  /** {actor} pinned a message */
  systemPinned: (values: { actor: string }) => string;
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
  /** Profile */
  profileTitle: string;
  /** Loading profile */
  loadingProfile: string;
  /** Edit profile */
  editProfile: string;
  /** Message */
  writeToThem: string;
  /** Block */
  block: string;
  /** Unblock */
  unblock: string;
  /** Unblock {name} */
  unblockPerson: (values: { name: string }) => string;
  /** You have blocked this person. */
  youBlocked: string;
  /** {name} is blocked. */
  personBlocked: (values: { name: string }) => string;
  /** {name} is not blocked any more. */
  personUnblocked: (values: { name: string }) => string;
  /** There is nobody by that name whom you can see. */
  nobodyByThatName: string;
  /** {role, select, admin {Administrator of this server} moderator {Moderator of this server} other {}} */
  platformRole: (values: { role: "admin" | "moderator" }) => string;
  /** Chosen people */
  chosenPeople: string;
  /** Remove {name} */
  removePerson: (values: { name: string }) => string;
  /** Nobody found. */
  nobodyFound: string;
  /** {count, plural, one {# person found} other {# people found}} */
  peopleFound: (values: { count: number }) => string;
  /** Search */
  searchTitle: string;
  /** Search: {query} */
  searchTitleFor: (values: { query: string }) => string;
  /** Search messages */
  searchMessages: string;
  /** Write what you are looking for. Words in quotation marks are found as they stand. */
  searchStart: string;
  /** Write at least one word to look for. */
  searchNeedsWords: string;
  /** No message has been found. Fewer words or filters may help. */
  noHits: string;
  /** {count, plural, one {# message found} other {# messages found}} */
  hitsInAll: (values: { count: number }) => string;
  /** {count, plural, one {# message found so far} other {# messages found so far}} */
  hitsSoFar: (values: { count: number }) => string;
  /** Look further back */
  lookFurther: string;
  /** Filters */
  searchFilters: string;
  /** Filters ({count, number}) */
  filtersCount: (values: { count: number }) => string;
  /** From a person */
  fromPerson: string;
  /** From… */
  fromWhom: string;
  /** Who wrote it? */
  whoWroteIt: string;
  /** In */
  inWhich: string;
  /** All conversations */
  everywhere: string;
  /** one conversation */
  oneConversation: string;
  /** From day */
  afterDay: string;
  /** Before day */
  beforeDay: string;
  /** With a file */
  withFile: string;
  /** From: {name} */
  chipFrom: (values: { name: string }) => string;
  /** In: {title} */
  chipIn: (values: { title: string }) => string;
  /** From {day} */
  chipAfter: (values: { day: string }) => string;
  /** Before {day} */
  chipBefore: (values: { day: string }) => string;
  /** Remove filter: {filter} */
  removeFilter: (values: { filter: string }) => string;
  /** in */
  inConversation: string;
  /** Recent searches */
  recentSearches: string;
  /** Forget search: {text} */
  forgetSearch: (values: { text: string }) => string;
  /** Forget all searches */
  forgetSearches: string;
  /** Settings */
  settingsTitle: string;
  /** Profile */
  settingsProfile: string;
  /** Appearance */
  settingsAppearance: string;
  /** Language */
  settingsLanguage: string;
  /** Notifications */
  settingsNotifications: string;
  /** Privacy */
  settingsPrivacy: string;
  /** Devices and sessions */
  settingsDevices: string;
  /** Keyboard */
  settingsShortcuts: string;
  /** Save */
  saveChanges: string;
  /** Saved. */
  saved: string;
  /** Discard changes */
  discardChanges: string;
  /** Display name */
  displayNameLabel: string;
  /** How others see you, up to 64 characters */
  displayNameHint: string;
  /** Your username is for signing in and for mentions. It stays as it is. */
  usernameStays: string;
  /** Change password */
  changePassword: string;
  /** Current password */
  currentPassword: string;
  /** New password */
  newPassword: string;
  /** New password again */
  newPasswordAgain: string;
  /** This is not the same as the new password. */
  passwordsDiffer: string;
  /** This is not your current password. */
  currentPasswordWrong: string;
  /** The password is changed. You are signed out everywhere else. */
  passwordChanged: string;
  /** You stay signed in here; all other sessions end. */
  passwordEndsSessions: string;
  /** Theme */
  theme: string;
  /** System */
  themeSystem: string;
  /** Light or dark, as this device is set */
  themeSystemHint: string;
  /** Light */
  themeLight: string;
  /** Dark */
  themeDark: string;
  /** Your own */
  themeCustom: string;
  /** Density */
  density: string;
  /** Comfortable */
  densityComfortable: string;
  /** Compact */
  densityCompact: string;
  /** Accent */
  themeAccent: string;
  /** Surface */
  themeSurface: string;
  /** Text */
  themeText: string;
  /** Pick a colour: {label} */
  pickColour: (values: { label: string }) => string;
  /** A colour is # and six digits, such as #0f766e. */
  colourHint: string;
  /** Preview */
  themePreview: string;
  /** How does this read? */
  themeSampleText: string;
  /** Quiet text beside it, and */
  themeSampleQuiet: string;
  /** a link */
  themeSampleLink: string;
  /** Button */
  themeSampleButton: string;
  /** Contrast of text: */
  themeTextContrast: string;
  /** Contrast of the accent: */
  themeAccentContrast: string;
  /** Should be at least {least}. */
  themeContrastLeast: (values: { least: string }) => string;
  /** Start anew */
  themeStartAnew: string;
  /** Save theme */
  themeSave: string;
  /** The theme is saved. */
  themeSaved: string;
  /** Save colours that are hard to read? */
  themeUnreadableTitle: string;
  /** With these colours, text or buttons do not stand out enough. You might not find the way back here. */
  themeUnreadable: string;
  /** Change the colours */
  themeGoOn: string;
  /** Save anyway */
  themeSaveAnyway: string;
  /** Language of this screen */
  languageOfScreen: string;
  /** As in the browser */
  languageAuto: string;
  /** Dates and numbers follow the language. Messages stay as they were written. */
  languageHint: string;
  /** Sounds */
  sounds: string;
  /** For messages in conversations that are not muted */
  soundsHint: string;
  /** Desktop notifications */
  desktopNotifications: string;
  /** While you look at something else. Your browser asks once whether you want that. */
  desktopHint: string;
  /** This browser does not allow it for this page. You can change that in its settings for this site. */
  desktopDenied: string;
  /** This browser has no notifications. */
  desktopUnsupported: string;
  /** Quiet hours */
  quietHours: string;
  /** No sounds and no desktop notifications on this device */
  quietHoursHint: string;
  /** From */
  quietFrom: string;
  /** To */
  quietTo: string;
  /** Muted conversations */
  mutedConversations: string;
  /** No conversation is muted. */
  nothingMuted: string;
  /** Unmute {title} */
  unmuteConversation: (values: { title: string }) => string;
  /** Show when I am here */
  presenceVisible: string;
  /** Others see whether you are online and when you last were. */
  presenceVisibleHint: string;
  /** Previews of links that I send */
  ownLinkPreviews: string;
  /** The server looks at the page and shows its title and picture. */
  ownLinkPreviewsHint: string;
  /** Blocked people */
  blockedPeople: string;
  /** Neither of you can write to the other or see whether the other is here. */
  blockedPeopleHint: string;
  /** You have blocked nobody. */
  nobodyBlocked: string;
  /** since {time} */
  since: (values: { time: string }) => string;
  /** Sessions */
  sessions: string;
  /** Each is one sign-in on one device. End those that you do not know. */
  sessionsHint: string;
  /** There are no sessions. */
  noSessions: string;
  /** This device */
  thisDevice: string;
  /** Another device */
  otherDevice: string;
  /** Signed in: {time} */
  signedInAt: (values: { time: string }) => string;
  /** Last used: {time} */
  lastRenewed: (values: { time: string }) => string;
  /** End session */
  endSession: string;
  /** End the session that began {time} */
  endSessionOf: (values: { time: string }) => string;
  /** The device that signed in {time} is signed out. What it has not sent yet is lost. */
  endSessionText: (values: { time: string }) => string;
  /** The session has ended. */
  sessionEnded: string;
  /** Sign out everywhere else */
  signOutOthers: string;
  /** All other devices are signed out. What they have not sent yet is lost. */
  signOutOthersText: string;
  /** You are signed out everywhere else. */
  othersSignedOut: string;
  /** Enter sends */
  enterSends: string;
  /** Otherwise Enter begins a new line, and Ctrl or ⌘ with Enter sends. */
  enterSendsHint: string;
  /** Shortcuts of one letter */
  singleKeys: string;
  /** Such as R to reply to the message that has the focus */
  singleKeysHint: string;
  /** Everywhere */
  keysEverywhere: string;
  /** While writing */
  keysWriting: string;
  /** On a message that has the focus */
  keysMessage: string;
  /** Send */
  keySend: string;
  /** New line */
  keyNewLine: string;
  /** Edit your last message, while nothing is written */
  keyEditLast: string;
  /** Cancel a reply or an edit */
  keyCancel: string;
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
  /** No connection */
  offline: string;
  /** Messages wait here and are sent when it is back. */
  offlineWaits: string;
  /** Catching up… */
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
  /** Loading */
  loading: string;
  /** Your account */
  account: string;
  /** Profile */
  profile: string;
  /** Settings */
  settings: string;
  /** Keyboard shortcuts */
  shortcuts: string;
  /** Settings for shortcuts */
  shortcutSettings: string;
  /** Invisible */
  statusInvisible: string;
  /** Notifications */
  notices: string;
  /** {count, plural, one {Notifications, # new} other {Notifications, # new}} */
  noticesUnseen: (values: { count: number }) => string;
  /** Mentions and replies to you appear here. */
  noNotices: string;
  /** Clear */
  clearNotices: string;
  /** Show messages on the desktop while you look elsewhere? */
  desktopOffer: string;
  /** Turn on */
  desktopAllow: string;
  /** New */
  isNew: string;
  /** {sender} mentioned you */
  mentionedYou: (values: { sender: string }) => string;
  /** {sender} mentioned you in {title} */
  mentionedYouIn: (values: { sender: string; title: string }) => string;
  /** {sender} replied to you */
  answeredYou: (values: { sender: string }) => string;
  /** {sender} replied to you in {title} */
  answeredYouIn: (values: { sender: string; title: string }) => string;
  /** You were added to {title} */
  addedTo: (values: { title: string }) => string;
  /** {count, plural, one {# mention in {title}} other {# mentions in {title}}} */
  mentionsIn: (values: { count: number; title: string }) => string;
  /** {sender} in {title} */
  senderIn: (values: { sender: string; title: string }) => string;
  /** No connection since {time} */
  offlineSince: (values: { time: string }) => string;
  /** Connecting… */
  connecting: string;
  /** Try now */
  connectNow: string;
  /** A new version is ready. */
  updateReady: string;
  /** Update */
  updateNow: string;
  /** Later */
  later: string;
  /** Something broke here */
  broken: string;
  /** Reload the page */
  reload: string;
  /** Details */
  beside: string;
  /** Next area of the page */
  nextRegion: string;
  /** Previous area of the page */
  previousRegion: string;
  /** Nothing is called that. */
  nothingFound: string;
  /** Looking through more conversations… */
  lookingFurther: string;
  /** Clear */
  clear: string;
  /** Close */
  close: string;
  /** Short news */
  toastsRegion: string;
  /** Ctrl */
  keyCtrl: string;
  /** Shift */
  keyShift: string;
  /** That was too often. Wait a moment. */
  tooOften: string;
  /** You are not allowed to do that. */
  notAllowed: string;
  /** You have blocked this person, or they have blocked you. */
  blockedBetween: string;
  /** That does not exist, or you may not see it. */
  notFound: string;
  /** This conversation takes no more messages. */
  conversationClosed: string;
  /** Nobody could manage it then. Make somebody else an owner first. */
  lastOwner: string;
  /** The server has trouble right now. Try again in a moment. */
  serverTrouble: string;
}
