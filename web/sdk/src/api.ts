// Generated from docs/openapi.json by `npm run generate`. Do not edit.

export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * Format: uuid
         * @description Identifies one open socket, for logs and support.
         * @example 0190163d-8694-739b-aea5-966c26f8ad91
         */
        ConnectionId: string;
        /** @description A conversation as the caller sees it. */
        Conversation: components["schemas"]["ConversationInfo"] & {
            /** @description Changes when the log was replaced by another; see the delivery guide. */
            epoch: string;
            lastMessage?: components["schemas"]["Message"] | null;
            /** @description Position of the newest event. */
            lastSeq: components["schemas"]["u64"];
            /** @description The caller's own relation to it. */
            me: components["schemas"]["Me"];
            /**
             * Format: int64
             * @description How many people are in it.
             */
            memberCount: number;
            /**
             * Format: int64
             * @description Unread messages that mention the caller.
             */
            mentionCount: number;
            /** @description Name to show: the conversation's, or the other person's in a direct conversation. */
            title: string;
            /**
             * Format: int64
             * @description Messages of others that the caller has not read.
             */
            unreadCount: number;
        };
        /** @description Payload of `conversation.created`. */
        ConversationCreated: {
            /** @description Who created it. */
            actorId: components["schemas"]["UserId"];
            /** @description The conversation, without what differs from member to member. */
            conversation: components["schemas"]["ConversationInfo"];
            /** @description The conversation's id. */
            conversationId: components["schemas"]["ConversationId"];
            /** @description The position of this event: 1. */
            seq: components["schemas"]["u64"];
        };
        /**
         * Format: uuid
         * @description Identifies a conversation for ever.
         * @example 0190163d-8694-739b-aea5-966c26f8ad91
         */
        ConversationId: string;
        /** @description What everybody in a conversation sees alike. Events carry it, so that one encoding serves all members. */
        ConversationInfo: {
            /** @description When it was created. */
            createdAt: components["schemas"]["Timestamp"];
            /** @description Who created it. */
            createdBy: components["schemas"]["UserId"];
            /** @description The conversation's id. */
            id: components["schemas"]["ConversationId"];
            /** @description Its name; null for direct conversations. */
            name?: string | null;
            /** @description Whether it still takes messages. */
            status: components["schemas"]["ConversationStatus"];
            /** @description What it is about. */
            topic?: string | null;
            /** @description What kind of conversation it is. */
            type: components["schemas"]["ConversationKind"];
            /** @description When it last changed or had a message. */
            updatedAt: components["schemas"]["Timestamp"];
            /** @description Who can find and join it. */
            visibility: components["schemas"]["Visibility"];
        };
        /**
         * @description What kind of conversation it is.
         * @enum {string}
         */
        ConversationKind: "direct" | "group" | "channel";
        /**
         * @description Whether a conversation still takes messages.
         * @enum {string}
         */
        ConversationStatus: "active" | "archived" | "closed";
        /** @description Creates a conversation; the caller becomes its owner. */
        CreateConversation: {
            /** @description Who is in it besides the caller: usernames or ids, up to 500; exactly one for a direct conversation. */
            members?: string[];
            /** @description Its name: 1 to 128 characters; required for groups and channels, absent for direct ones. */
            name?: string | null;
            /** @description What it is about: up to 512 characters. */
            topic?: string | null;
            /** @description What kind of conversation it is. */
            type: components["schemas"]["ConversationKind"];
            visibility?: components["schemas"]["Visibility"] | null;
        };
        /**
         * @description The code of an error, shared by REST, WebSocket and Socket.IO.
         * @enum {string}
         */
        ErrorCode: "invalid_json" | "invalid_parameter" | "invalid_cursor" | "unknown_type" | "unauthenticated" | "token_expired" | "session_ended" | "invalid_credentials" | "invalid_ticket" | "forbidden" | "origin_not_allowed" | "registration_closed" | "not_found" | "method_not_allowed" | "request_timeout" | "username_taken" | "client_message_id_conflict" | "conversation_not_active" | "payload_too_large" | "unsupported_media_type" | "validation_failed" | "upgrade_required" | "rate_limited" | "internal" | "outcome_unknown" | "unavailable" | "storage_full";
        /** @description One entry of a conversation's log. */
        Event: components["schemas"]["EventBody"] & {
            /** @description Whose log it is in. */
            conversationId: components["schemas"]["ConversationId"];
            /** @description When it was committed. */
            createdAt: components["schemas"]["Timestamp"];
            /** @description Its position there. */
            seq: components["schemas"]["u64"];
        };
        /** @description What happened. The payload of each carries `seq` and the conversation's id. */
        EventBody: {
            /** @description A message was sent. */
            payload: components["schemas"]["Message"];
            /** @enum {string} */
            type: "message.new";
        } | {
            /** @description The conversation came to be: the first entry of each log. */
            payload: components["schemas"]["ConversationCreated"];
            /** @enum {string} */
            type: "conversation.created";
        };
        /** @description What is wrong with one field. */
        FieldError: {
            /** @description The field, as the request spells it. */
            field: string;
            /** @description What is wrong, and what would be right. */
            message: string;
        };
        /**
         * Format: uuid
         * @description Identifies an uploaded file.
         * @example 0190163d-8694-739b-aea5-966c26f8ad91
         */
        FileId: string;
        /** @description Signs in with a password. */
        LoginRequest: {
            /** @description The password. */
            password: string;
            /** @description The username, in any case. */
            username: string;
        };
        /** @description The caller's own relation to a conversation. */
        Me: {
            /** @description Everything up to here is read. */
            lastReadSeq: components["schemas"]["u64"];
            /** @description No notifications. */
            muted: boolean;
            /** @description On top of the caller's list. */
            pinned: boolean;
            /** @description What the caller may do. */
            role: components["schemas"]["MemberRole"];
        };
        /**
         * @description What a member may do in a conversation; a later one may do all that an earlier one may.
         * @enum {string}
         */
        MemberRole: "member" | "moderator" | "admin" | "owner";
        /** @description A message. */
        Message: {
            /** @description What is attached. */
            attachments: components["schemas"]["FileId"][];
            /** @description The key that the sender chose, for recognising a repeat. */
            clientMessageId?: string | null;
            /** @description The text, a subset of Markdown; empty once the message is deleted. */
            content: string;
            /** @description Where it was written. */
            conversationId: components["schemas"]["ConversationId"];
            /** @description When the server took it. */
            createdAt: components["schemas"]["Timestamp"];
            deletedAt?: components["schemas"]["Timestamp"] | null;
            editedAt?: components["schemas"]["Timestamp"] | null;
            /** @description The message's id. */
            id: components["schemas"]["MessageId"];
            /** @description What it is. */
            kind: components["schemas"]["MessageKind"];
            /** @description Who is mentioned. */
            mentions: components["schemas"]["UserId"][];
            /** @description Reactions, in the order of their first use. */
            reactions: components["schemas"]["ReactionCount"][];
            replyTo?: components["schemas"]["MessageId"] | null;
            /** @description Who wrote it. */
            sender: components["schemas"]["UserSummary"];
            /** @description Its position in the conversation's log: messages are shown in this order. */
            seq: components["schemas"]["u64"];
            threadId?: components["schemas"]["MessageId"] | null;
        };
        /** @description What a sender chooses of a message. Over REST it is the whole body: the path says where to. */
        MessageDraft: {
            /** @description Uploaded files. */
            attachments?: components["schemas"]["FileId"][];
            /** @description The sender's own key, 1 to 128 characters: a repeat answers with the first result. */
            clientMessageId?: string | null;
            /** @description The text: 1 to 16,000 characters. */
            content: string;
            /** @description What it is; only `text` can be sent. */
            kind?: components["schemas"]["MessageKind"];
            replyTo?: components["schemas"]["MessageId"] | null;
            threadId?: components["schemas"]["MessageId"] | null;
        };
        /**
         * Format: uuid
         * @description Identifies a message for ever. It never orders messages: `seq` does.
         * @example 0190163d-8694-739b-aea5-966c26f8ad91
         */
        MessageId: string;
        /**
         * @description What a message is.
         * @enum {string}
         */
        MessageKind: "text" | "system";
        /** @description Where the next page begins. */
        PageMeta: {
            /** @description Whether there is a next page. */
            hasMore: boolean;
            /** @description To be passed as `?cursor=`; opaque, null on the last page. */
            nextCursor?: string | null;
        };
        /** @description One page of a list. */
        Page_Conversation: {
            /** @description The entries. */
            data: (components["schemas"]["ConversationInfo"] & {
                /** @description Changes when the log was replaced by another; see the delivery guide. */
                epoch: string;
                lastMessage?: components["schemas"]["Message"] | null;
                /** @description Position of the newest event. */
                lastSeq: components["schemas"]["u64"];
                /** @description The caller's own relation to it. */
                me: components["schemas"]["Me"];
                /**
                 * Format: int64
                 * @description How many people are in it.
                 */
                memberCount: number;
                /**
                 * Format: int64
                 * @description Unread messages that mention the caller.
                 */
                mentionCount: number;
                /** @description Name to show: the conversation's, or the other person's in a direct conversation. */
                title: string;
                /**
                 * Format: int64
                 * @description Messages of others that the caller has not read.
                 */
                unreadCount: number;
            })[];
            /** @description Where the next page begins. */
            meta: components["schemas"]["PageMeta"];
        };
        /** @description One page of a list. */
        Page_Event: {
            /** @description The entries. */
            data: (components["schemas"]["EventBody"] & {
                /** @description Whose log it is in. */
                conversationId: components["schemas"]["ConversationId"];
                /** @description When it was committed. */
                createdAt: components["schemas"]["Timestamp"];
                /** @description Its position there. */
                seq: components["schemas"]["u64"];
            })[];
            /** @description Where the next page begins. */
            meta: components["schemas"]["PageMeta"];
        };
        /** @description One page of a list. */
        Page_Message: {
            /** @description The entries. */
            data: {
                /** @description What is attached. */
                attachments: components["schemas"]["FileId"][];
                /** @description The key that the sender chose, for recognising a repeat. */
                clientMessageId?: string | null;
                /** @description The text, a subset of Markdown; empty once the message is deleted. */
                content: string;
                /** @description Where it was written. */
                conversationId: components["schemas"]["ConversationId"];
                /** @description When the server took it. */
                createdAt: components["schemas"]["Timestamp"];
                deletedAt?: components["schemas"]["Timestamp"] | null;
                editedAt?: components["schemas"]["Timestamp"] | null;
                /** @description The message's id. */
                id: components["schemas"]["MessageId"];
                /** @description What it is. */
                kind: components["schemas"]["MessageKind"];
                /** @description Who is mentioned. */
                mentions: components["schemas"]["UserId"][];
                /** @description Reactions, in the order of their first use. */
                reactions: components["schemas"]["ReactionCount"][];
                replyTo?: components["schemas"]["MessageId"] | null;
                /** @description Who wrote it. */
                sender: components["schemas"]["UserSummary"];
                /** @description Its position in the conversation's log: messages are shown in this order. */
                seq: components["schemas"]["u64"];
                threadId?: components["schemas"]["MessageId"] | null;
            }[];
            /** @description Where the next page begins. */
            meta: components["schemas"]["PageMeta"];
        };
        /**
         * @description What a user may do on the whole installation.
         * @enum {string}
         */
        PlatformRole: "user" | "moderator" | "admin";
        /**
         * @description Whether a user can be reached right now.
         * @enum {string}
         */
        Presence: "online" | "away" | "busy" | "offline";
        /** @description What went wrong, in a form for programs (`code`) and for people (`detail`). */
        Problem: {
            /** @description Stable; made for programs. */
            code: components["schemas"]["ErrorCode"];
            /** @description What went wrong this time, and what to do. */
            detail: string;
            /** @description Which fields are wrong; only with `validation_failed`. */
            errors?: components["schemas"]["FieldError"][];
            /** @description Finds the request in the server's logs. */
            requestId: string;
            /** @description Whether the same request may succeed later. When the outcome is unknown, repeat it with the same key. */
            retriable: boolean;
            /**
             * Format: int32
             * @description The HTTP status, also over sockets.
             */
            status: number;
            /** @description The code in words; the same each time. */
            title: string;
            /** @description Where the code is explained, relative to the server. */
            type: string;
        };
        /** @description One emoji under a message, and how many people chose it. */
        ReactionCount: {
            /**
             * Format: int32
             * @description How many people chose it.
             */
            count: number;
            /** @description The emoji. */
            emoji: string;
            /** @description Whether the caller is one of them. */
            me: boolean;
        };
        /** @description Payload of `ready`, the first frame on each connection. */
        Ready: {
            /** @description Names this connection in logs. */
            connectionId: components["schemas"]["ConnectionId"];
            /** @description The epoch of all logs; another one than before means that cached positions are worthless. */
            epoch: string;
            /**
             * Format: int32
             * @description The server sends a WebSocket ping when it heard nothing for this long, and closes after twice as long.
             */
            heartbeatSeconds: number;
            /** @description Who is connected. */
            user: components["schemas"]["User"];
        };
        /** @description Trades a refresh token for a new pair, or gives it up at sign-out. */
        RefreshRequest: {
            /** @description The newest refresh token of the session. Each works once: a second use ends the session. */
            refreshToken: string;
        };
        /** @description Creates an account and signs it in. */
        RegisterRequest: {
            /** @description Name to show, 1 to 64 characters; the username when absent. */
            displayName?: string | null;
            /** @description E-mail address; never shown to others. */
            email?: string | null;
            /** @description 8 to 256 characters. */
            password: string;
            /** @description 2 to 32 characters: a to z, 0 to 9, `_`, `-` and `.`; starts with a letter or digit. Upper case is folded. */
            username: string;
        };
        /** @description Sends a message. */
        SendMessage: components["schemas"]["MessageDraft"] & {
            /** @description Where to. */
            conversationId: components["schemas"]["ConversationId"];
        };
        /** @description The answer to a sign-up or sign-in. */
        SignIn: components["schemas"]["Tokens"] & {
            /** @description Who is signed in. */
            user: components["schemas"]["User"];
        };
        /** @description The newest position of a conversation. */
        SyncHead: {
            /** @description The conversation. */
            id: components["schemas"]["ConversationId"];
            /** @description The newest position. */
            seq: components["schemas"]["u64"];
        };
        /** @description Payload of `sync.lagging`: the connection was too slow, its queue was dropped, the client must pull. */
        SyncLagging: {
            /** @description Where events were dropped, and the newest position there. */
            conversations: components["schemas"]["SyncHead"][];
        };
        /** @description Opens one socket, once. */
        Ticket: {
            /**
             * Format: int32
             * @description Seconds until it is worthless, used or not.
             */
            expiresIn: number;
            /** @description To be passed as `?ticket=`. */
            ticket: string;
        };
        /**
         * Format: date-time
         * @description A point in time in UTC, in whole milliseconds since 1970-01-01T00:00:00Z.
         *
         *     On the wire it is RFC 3339 with exactly three decimals, such as `2026-11-21T05:49:23.120Z`. RFC 3339 has the years
         *     0 to 9999; a time beyond them, which only a broken clock tells, is held at their end.
         * @example 2026-11-21T05:49:23.120Z
         */
        Timestamp: string;
        /** @description A pair of tokens. */
        Tokens: {
            /** @description A JWT for the `Authorization: Bearer` header. */
            accessToken: string;
            /**
             * Format: int32
             * @description Seconds until the access token ends.
             */
            expiresIn: number;
            /** @description Opaque; trades for the next pair at `POST /auth/refresh`. */
            refreshToken: string;
        };
        /** @description A user as everybody sees them. */
        User: {
            /** @description Picture to show, if there is one. */
            avatarUrl?: string | null;
            /** @description Name to show. */
            displayName: string;
            /** @description The user's id. */
            id: components["schemas"]["UserId"];
            lastSeen?: components["schemas"]["Timestamp"] | null;
            /** @description Whether the user can be reached right now. */
            presence: components["schemas"]["Presence"];
            /** @description What the user may do on the whole installation. */
            role: components["schemas"]["PlatformRole"];
            /** @description Unique name for sign-in and mentions, lower case. */
            username: string;
        };
        /**
         * Format: uuid
         * @description Identifies a user for ever.
         * @example 0190163d-8694-739b-aea5-966c26f8ad91
         */
        UserId: string;
        /** @description The part of a user that a message carries about its sender. */
        UserSummary: {
            /** @description Picture to show, if there is one. */
            avatarUrl?: string | null;
            /** @description Name to show. */
            displayName: string;
            /** @description The user's id. */
            id: components["schemas"]["UserId"];
            /** @description Unique name for sign-in and mentions, lower case. */
            username: string;
        };
        /**
         * @description Who can find and join a conversation without being invited.
         * @enum {string}
         */
        Visibility: "public" | "private";
        /** Format: int64 */
        u64: number;
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
