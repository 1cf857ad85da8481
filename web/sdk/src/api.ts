// Generated from docs/openapi.json and docs/asyncapi.json by `npm run generate`. Do not edit.

export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description Brings somebody into a conversation. */
        AddMember: {
            role?: components["schemas"]["MemberRole"] | null;
            userId?: components["schemas"]["UserId"] | null;
            /**
             * @description Who, by username; excludes `userId`.
             * @example bob
             */
            username?: string | null;
        };
        /** @description Payload of `auth.refresh`: a newer token of the same user, so that the socket stays open when the older one ends. */
        AuthRefresh: {
            /**
             * @description The token.
             * @example eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl
             */
            token: string;
        };
        /** @description Answer to `auth.refresh`. */
        AuthState: {
            expiresAt: components["schemas"]["Timestamp"] | null;
        };
        /** @description Somebody whom the caller has blocked. */
        Block: {
            /** @description Since when. */
            createdAt: components["schemas"]["Timestamp"];
            /** @description Who. */
            user: components["schemas"]["UserSummary"];
        };
        /** @description Whether two people keep each other away. */
        BlockStatus: {
            /** @description The caller has blocked the other. */
            blockedByMe: boolean;
            /** @description The other has blocked the caller. */
            blockedMe: boolean;
        };
        /**
         * @description Payload of `blocks.changed`, for all connections of one user: the user has blocked somebody or let them near again, on
         *     whichever device. The other one is not told.
         */
        BlocksChange: {
            /** @description Whether they are blocked now. */
            blocked: boolean;
            /** @description Whom. */
            userId: components["schemas"]["UserId"];
        };
        /** @description Replaces the caller's password. */
        ChangePassword: {
            /**
             * Format: password
             * @description The password so far.
             * @example correct horse battery staple
             */
            currentPassword: string;
            /**
             * Format: password
             * @description 8 to 256 characters.
             * @example a better horse for a battery
             */
            newPassword: string;
        };
        /** @description What to react with. */
        Choice: {
            /**
             * @description One emoji.
             * @example 👍
             */
            emoji: string;
        };
        /**
         * Format: uuid
         * @description Identifies one open socket, for logs and support.
         * @example 0190163d-8694-739b-aea5-966c26f8ad91
         */
        ConnectionId: string;
        /** @description A conversation as the caller sees it. */
        Conversation: components["schemas"]["ConversationInfo"] & {
            /**
             * @description Changes when the log was replaced by another; see the delivery guide.
             * @example 0123456789abcdef
             */
            epoch: string;
            lastMessage: components["schemas"]["Message"] | null;
            /**
             * Format: int64
             * @description Position of the newest event.
             * @example 17
             */
            lastSeq: number;
            /** @description The caller's own relation to it. */
            me: components["schemas"]["Me"];
            /**
             * Format: int64
             * @description How many people are in it.
             * @example 12
             */
            memberCount: number;
            /**
             * Format: int64
             * @description Unread messages that mention the caller.
             * @example 1
             */
            mentionCount: number;
            peer: components["schemas"]["UserSummary"] | null;
            /**
             * @description Name to show: the conversation's, or the other person's in a direct conversation.
             * @example Harbour
             */
            title: string;
            /**
             * Format: int64
             * @description Messages of others that the caller has not read.
             * @example 3
             */
            unreadCount: number;
        };
        /** @description Payload of `conversation.updated`. */
        ConversationChange: {
            /** @description Who changed it. */
            actorId: components["schemas"]["UserId"];
            /** @description The conversation, without what differs from member to member. */
            conversation: components["schemas"]["ConversationInfo"];
            /** @description The conversation's id. */
            conversationId: components["schemas"]["ConversationId"];
            /**
             * Format: int64
             * @description The position of this event.
             * @example 18
             */
            seq: number;
        };
        /** @description Payload of `conversation.created`. */
        ConversationCreated: {
            /** @description Who created it. */
            actorId: components["schemas"]["UserId"];
            /** @description The conversation, without what differs from member to member. */
            conversation: components["schemas"]["ConversationInfo"];
            /** @description The conversation's id. */
            conversationId: components["schemas"]["ConversationId"];
            /**
             * Format: int64
             * @description The position of this event: 1.
             * @example 1
             */
            seq: number;
        };
        /** @description Payload of `conversation.deleted`. */
        ConversationDeleted: {
            /** @description Who deleted it. */
            actorId: components["schemas"]["UserId"];
            /** @description The conversation's id. */
            conversationId: components["schemas"]["ConversationId"];
            /**
             * Format: int64
             * @description The position of this event: the last one.
             * @example 18
             */
            seq: number;
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
            /**
             * @description Whether what is behind links is shown.
             * @example true
             */
            linkPreviews: boolean;
            /**
             * @description Its name; null for direct conversations.
             * @example Harbour
             */
            name: string | null;
            /** @description Whether it still takes messages. */
            status: components["schemas"]["ConversationStatus"];
            /**
             * @description What it is about.
             * @example Boats and tides
             */
            topic: string | null;
            /** @description What kind of conversation it is. */
            type: components["schemas"]["ConversationKind"];
            /** @description When it last changed or had a message. */
            updatedAt: components["schemas"]["Timestamp"];
            /** @description Who can find and join it. */
            visibility: components["schemas"]["Visibility"];
        };
        /**
         * @description What kind of conversation it is.
         * @example group
         * @enum {string}
         */
        ConversationKind: "direct" | "group" | "channel";
        /** @description Payload of `conversation.join`, `conversation.leave`, `typing.start` and `typing.stop`. */
        ConversationRef: {
            /** @description Which conversation. */
            conversationId: components["schemas"]["ConversationId"];
        };
        /**
         * @description Whether a conversation still takes messages.
         * @enum {string}
         */
        ConversationStatus: "active" | "archived" | "closed";
        /** @description Creates a conversation; the caller becomes its owner. */
        CreateConversation: {
            /**
             * @description Who is in it besides the caller: usernames or ids, up to 500; exactly one for a direct conversation.
             * @example [
             *       "bob"
             *     ]
             */
            members?: string[];
            /**
             * @description Its name: 1 to 128 characters; required for groups and channels, absent for direct ones.
             * @example Harbour
             */
            name?: string | null;
            /**
             * @description What it is about: up to 512 characters.
             * @example Boats and tides
             */
            topic?: string | null;
            /** @description What kind of conversation it is. */
            type: components["schemas"]["ConversationKind"];
            visibility?: components["schemas"]["Visibility"] | null;
        };
        /** @description Makes a link that lets people in. */
        CreateInvite: {
            /**
             * Format: int32
             * @description Seconds until it ends, 60 to 31,536,000; null for never.
             * @example 604800
             */
            expiresIn?: number | null;
            /**
             * Format: int32
             * @description How many people it lets in, 1 to 100,000; null for any number.
             * @example 10
             */
            usesMax?: number | null;
        };
        /** @description Makes a rule about addresses. */
        CreateIpRule: {
            /** @description What becomes of them. */
            action: components["schemas"]["IpAction"];
            /**
             * @description The addresses, such as `203.0.113.0/24` or `2001:db8::/32`; a single address is a rule of its own.
             * @example 203.0.113.0/24
             */
            cidr: string;
            /**
             * @description Why, up to 256 characters.
             * @example A scraper
             */
            note?: string | null;
        };
        /** @description Where copies of a message go. */
        Destinations: {
            /**
             * @description Your own key, 1 to 64 characters: a repeat answers with the first copies.
             * @example 5f1d-2
             */
            clientMessageId?: string | null;
            /** @description 1 to 20 conversations that you are in. */
            conversationIds: components["schemas"]["ConversationId"][];
        };
        /** @description A text that its author has not sent yet, the same on all of the author's devices. */
        Draft: {
            /**
             * @description The text so far.
             * @example Fresh herring
             */
            content: string;
            /** @description Where it is to be sent. */
            conversationId: components["schemas"]["ConversationId"];
            replyTo: components["schemas"]["MessageId"] | null;
            /** @description When it last changed. */
            updatedAt: components["schemas"]["Timestamp"];
        };
        /** @description Changes the text of a message. */
        EditMessage: {
            /**
             * @description The new text: 1 to 16,000 characters.
             * @example Fresh herring at pier 5
             */
            content: string;
            /** @description Which. */
            messageId: components["schemas"]["MessageId"];
        };
        /**
         * @description The code of an error, shared by REST, WebSocket and Socket.IO.
         * @enum {string}
         */
        ErrorCode: "invalid_json" | "invalid_parameter" | "invalid_cursor" | "unknown_type" | "invalid_header" | "unauthenticated" | "token_expired" | "session_ended" | "invalid_credentials" | "invalid_ticket" | "forbidden" | "origin_not_allowed" | "registration_closed" | "address_blocked" | "blocked" | "account_disabled" | "link_expired" | "not_found" | "method_not_allowed" | "request_timeout" | "username_taken" | "client_message_id_conflict" | "idempotency_in_progress" | "conversation_not_active" | "already_done" | "would_lock_you_out" | "file_scanning" | "upload_offset" | "limit_reached" | "invite_not_valid" | "file_rejected" | "precondition_failed" | "file_too_large" | "payload_too_large" | "unsupported_media_type" | "file_type_not_allowed" | "file_type_mismatch" | "range_not_satisfiable" | "file_not_valid" | "validation_failed" | "idempotency_key_reused" | "upgrade_required" | "too_many_connections" | "rate_limited" | "checksum_mismatch" | "internal" | "outcome_unknown" | "unavailable" | "quota_reached" | "storage_full";
        /** @description One entry of a conversation's log. */
        Event: components["schemas"]["EventBody"] & {
            /** @description Whose log it is in. */
            conversationId: components["schemas"]["ConversationId"];
            /** @description When it was committed. */
            createdAt: components["schemas"]["Timestamp"];
            /**
             * Format: int64
             * @description Its position there.
             * @example 17
             */
            seq: number;
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
        } | {
            /** @description A message's text changed, or it was pinned or unpinned. */
            payload: components["schemas"]["MessageChange"];
            /** @enum {string} */
            type: "message.updated";
        } | {
            /** @description A message was deleted; what is left of it. */
            payload: components["schemas"]["MessageChange"];
            /** @enum {string} */
            type: "message.deleted";
        } | {
            /** @description Somebody chose an emoji. */
            payload: components["schemas"]["ReactionChange"];
            /** @enum {string} */
            type: "reaction.added";
        } | {
            /** @description Somebody took an emoji back. */
            payload: components["schemas"]["ReactionChange"];
            /** @enum {string} */
            type: "reaction.removed";
        } | {
            /** @description Its name, topic, visibility or status changed. */
            payload: components["schemas"]["ConversationChange"];
            /** @enum {string} */
            type: "conversation.updated";
        } | {
            /** @description It is gone, with all that was in it: the last entry of its log. */
            payload: components["schemas"]["ConversationDeleted"];
            /** @enum {string} */
            type: "conversation.deleted";
        } | {
            /** @description Somebody came in. */
            payload: components["schemas"]["MemberChange"];
            /** @enum {string} */
            type: "member.joined";
        } | {
            /** @description Somebody went, or was removed. */
            payload: components["schemas"]["MemberLeft"];
            /** @enum {string} */
            type: "member.left";
        } | {
            /** @description Somebody may do more or less than before. */
            payload: components["schemas"]["MemberChange"];
            /** @enum {string} */
            type: "member.updated";
        };
        /** @description What is wrong with one field. */
        FieldError: {
            /**
             * @description The field, as the request spells it.
             * @example content
             */
            field: string;
            /**
             * @description What is wrong, and what would be right.
             * @example must not be empty
             */
            message: string;
        };
        /** @description A file. Everything but its name and id follows from its content. */
        File: components["schemas"]["FileLook"] & {
            /** @description The file's id. */
            id: components["schemas"]["FileId"];
            /**
             * @description What it is, as its content says.
             * @example image/jpeg
             */
            mediaType: string;
            /**
             * @description What it is called, without any path, safe to show and to save under.
             * @example harbour.jpg
             */
            name: string;
            /**
             * @description Digest of the content (SHA-256), 64 hexadecimal digits.
             * @example 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
             */
            sha256: string;
            /**
             * Format: int64
             * @description Bytes.
             * @example 48213
             */
            size: number;
            /** @description Whether it can be fetched. */
            status: components["schemas"]["FileStatus"];
            /** @description True when it can be fetched although the virus scanner could not be asked yet; absent otherwise. */
            unscanned?: boolean;
        };
        /** @description A form with a file. */
        FileForm: {
            /**
             * Format: binary
             * @description The file, with its name.
             */
            file: string;
        };
        /**
         * Format: uuid
         * @description Identifies an uploaded file.
         * @example 0190163d-8694-739b-aea5-966c26f8ad91
         */
        FileId: string;
        /**
         * @description An address at which a file can be fetched for a while without a token, for `<img>` and its like. It stops working
         *     when its time is over, and when the user for whom it was made may not see the file any more.
         */
        FileLink: {
            /** @description Until when it works. */
            expiresAt: components["schemas"]["Timestamp"];
            /** @description Which file. */
            fileId: components["schemas"]["FileId"];
            /**
             * @description The address, relative to the server.
             * @example /api/v1/files/0190a5d2-7b6c-7c3e-8f00-5b6c7d8e9f00?variant=small&user=…&expires=…&signature=…
             */
            url: string;
            /** @description What of it. */
            variant: components["schemas"]["FileVariant"];
        };
        /**
         * @description What can be told about the content of a file without showing it, so that its place on the screen has its size
         *     before the content is there. What does not apply to a file is absent.
         */
        FileLook: {
            /** @description Whether a picture moves. */
            animated?: boolean;
            /**
             * Format: int64
             * @description Milliseconds that sound or a film lasts.
             */
            durationMs?: number | null;
            /**
             * Format: int32
             * @description Pixels down.
             * @example 800
             */
            height?: number | null;
            /**
             * @description A few bytes from which a blurred picture is made while the real one loads: `ThumbHash`, in base64.
             * @example 3OcRJYB4d3h/iIeHeEh3eIhw+j2w
             */
            placeholder?: string | null;
            /** @description Smaller pictures of it that can be fetched. */
            thumbnails?: components["schemas"]["Thumbnail"][];
            /** @description How loud sound is over its time: 64 values from 0 to 100. */
            waveform?: number[] | null;
            /**
             * Format: int32
             * @description Pixels across, as it is to be shown: a picture's orientation is applied.
             * @example 1200
             */
            width?: number | null;
        };
        /** @description A file in which a virus was found. Its content is deleted; this is for its owner and for moderators. */
        FileRejection: {
            /** @description The conversations in which a message holds it. */
            conversationIds: components["schemas"]["ConversationId"][];
            /** @description The file. */
            file: components["schemas"]["File"];
            /** @description Who uploaded it. */
            owner: components["schemas"]["UserSummary"];
            /** @description When it was found. */
            rejectedAt: components["schemas"]["Timestamp"];
            /**
             * @description What was found, as the scanner names it.
             * @example Win.Test.EICAR_HDB-1
             */
            signature: string;
        };
        /**
         * @description Whether a file can be fetched.
         * @enum {string}
         */
        FileStatus: "scanning" | "ready" | "rejected";
        /**
         * @description What of a file an address leads to.
         * @enum {string}
         */
        FileVariant: "original" | "small" | "large";
        /** @description Sends copies of a message to other conversations. */
        ForwardMessage: {
            /**
             * @description The sender's own key, 1 to 64 characters: a repeat answers with the first copies.
             * @example 5f1d-2
             */
            clientMessageId?: string | null;
            /** @description Where to: 1 to 20 conversations that the caller is in. */
            conversationIds: components["schemas"]["ConversationId"][];
            /** @description Which. */
            messageId: components["schemas"]["MessageId"];
        };
        /** @description Where a forwarded message comes from. The conversation is not told: its readers may not know of it. */
        ForwardedFrom: {
            /** @description When. */
            createdAt: components["schemas"]["Timestamp"];
            /** @description Who wrote it first. */
            sender: components["schemas"]["UserSummary"];
        };
        /**
         * @description A group of people that a message mentions at once.
         * @enum {string}
         */
        GroupMention: "here" | "all";
        /** @description A part of a text: from `start` up to, not including, `end`, in UTF-16 code units, as JavaScript counts. */
        Highlight: {
            /**
             * Format: int32
             * @description The first unit after it.
             * @example 13
             */
            end: number;
            /**
             * Format: int32
             * @description The first unit of it.
             * @example 6
             */
            start: number;
        };
        /** @description A link that lets whoever has it join. */
        Invite: {
            /**
             * @description The secret part of the link, for `POST /invites/{code}`.
             * @example k3V9hQ2mTz8xWc1LrY0uPA
             */
            code: string;
            /** @description Where it leads. */
            conversationId: components["schemas"]["ConversationId"];
            /** @description When. */
            createdAt: components["schemas"]["Timestamp"];
            /** @description Who made it. */
            createdBy: components["schemas"]["UserId"];
            expiresAt: components["schemas"]["Timestamp"] | null;
            /** @description The link's id. */
            id: components["schemas"]["InviteId"];
            /**
             * Format: int32
             * @description How many it has let in.
             * @example 3
             */
            uses: number;
            /**
             * Format: int32
             * @description How many people it lets in; null for any number.
             * @example 10
             */
            usesMax: number | null;
        };
        /**
         * Format: uuid
         * @description Identifies an invite link.
         * @example 0190163d-8694-739b-aea5-966c26f8ad91
         */
        InviteId: string;
        /** @description What a link to a conversation promises to whoever opens it. */
        InvitePreview: {
            /** @description The conversation that it leads to. */
            conversationId: components["schemas"]["ConversationId"];
            /** @description Who made the link. */
            inviter: components["schemas"]["UserSummary"];
            /** @description Whether the caller is in it already. */
            joined: boolean;
            /**
             * Format: int64
             * @description How many people are in it.
             * @example 12
             */
            memberCount: number;
            /**
             * @description Its name.
             * @example Harbour
             */
            name: string;
            /** @description What kind of conversation it is. */
            type: components["schemas"]["ConversationKind"];
        };
        /**
         * @description What becomes of addresses.
         * @example block
         * @enum {string}
         */
        IpAction: "allow" | "block";
        /** @description A rule about addresses. */
        IpRule: {
            /** @description What becomes of them. */
            action: components["schemas"]["IpAction"];
            /**
             * @description The addresses, such as `203.0.113.0/24` or `2001:db8::/32`.
             * @example 203.0.113.0/24
             */
            cidr: string;
            /** @description When. */
            createdAt: components["schemas"]["Timestamp"];
            /** @description Who made the rule. */
            createdBy: components["schemas"]["UserId"];
            /** @description The rule's id. */
            id: components["schemas"]["IpRuleId"];
            /**
             * @description Why, up to 256 characters.
             * @example A scraper
             */
            note: string | null;
        };
        /**
         * Format: uuid
         * @description Identifies a rule about addresses.
         * @example 0190163d-8694-739b-aea5-966c26f8ad91
         */
        IpRuleId: string;
        /** @description A message and when it is sent. */
        Later: {
            /** @description Files that you have uploaded. */
            attachments?: components["schemas"]["FileId"][];
            /**
             * @description The text: 1 to 16,000 characters; it may be absent when there are attachments.
             * @example Fresh herring at pier 4
             */
            content?: string;
            /** @description What it is: `text`, or `voice` with exactly one file of sound. */
            kind?: components["schemas"]["MessageKind"];
            replyTo?: components["schemas"]["MessageId"] | null;
            /** @description When: in the future, at most 366 days ahead. */
            sendAt: components["schemas"]["Timestamp"];
            threadId?: components["schemas"]["MessageId"] | null;
        };
        /** @description What is behind a link of a message. */
        LinkPreview: {
            /** @description What the page says about itself. */
            description?: string | null;
            image?: components["schemas"]["PreviewImage"] | null;
            /**
             * @description The name of the website.
             * @example Example
             */
            siteName?: string | null;
            /**
             * @description The title of the page.
             * @example Boats of the harbour
             */
            title: string;
            /**
             * @description The link as it is written in the message.
             * @example https://example.com/boats
             */
            url: string;
        };
        /** @description Signs in with a password. */
        LoginRequest: {
            /**
             * Format: password
             * @description The password.
             * @example correct horse battery staple
             */
            password: string;
            /**
             * @description The username, in any case.
             * @example ada
             */
            username: string;
        };
        /** @description Marks a conversation as read, up to a message, a position, or all of it. It never goes back. */
        MarkRead: {
            conversationId?: components["schemas"]["ConversationId"] | null;
            messageId?: components["schemas"]["MessageId"] | null;
            /**
             * Format: int64
             * @description Up to this position; excludes `messageId`.
             * @example 17
             */
            seq?: number;
        };
        /** @description The caller's own relation to a conversation. */
        Me: {
            /** @description Out of the caller's list until asked for. */
            archived: boolean;
            /**
             * Format: int64
             * @description Everything up to here is read.
             * @example 14
             */
            lastReadSeq: number;
            /** @description No notifications. */
            muted: boolean;
            /** @description On top of the caller's list. */
            pinned: boolean;
            /** @description What the caller may do. */
            role: components["schemas"]["MemberRole"];
        };
        /**
         * @description Payload of `me.changed`, for all connections of one user: what a conversation is to the user, after it was muted, pinned
         *     or archived, or is no longer, on whichever device.
         */
        MeChange: {
            /** @description The conversation. */
            conversationId: components["schemas"]["ConversationId"];
            /** @description How it is now. */
            me: components["schemas"]["Me"];
        };
        /** @description Somebody in a conversation. */
        Member: {
            /** @description Since when they are in it. */
            joinedAt: components["schemas"]["Timestamp"];
            /** @description What they may do. */
            role: components["schemas"]["MemberRole"];
            /** @description Who. */
            user: components["schemas"]["User"];
        };
        /** @description Payload of `member.joined` and `member.updated`. */
        MemberChange: {
            /** @description Who did it: the member, or whoever added or promoted them. */
            actorId: components["schemas"]["UserId"];
            /** @description The conversation's id. */
            conversationId: components["schemas"]["ConversationId"];
            /** @description The member. */
            member: components["schemas"]["Member"];
            /**
             * Format: int64
             * @description How many people are in it now.
             * @example 12
             */
            memberCount: number;
            /**
             * Format: int64
             * @description The position of this event.
             * @example 18
             */
            seq: number;
        };
        /** @description Payload of `member.left`. */
        MemberLeft: {
            /** @description Who did it: the user, or whoever removed them. */
            actorId: components["schemas"]["UserId"];
            /** @description The conversation's id. */
            conversationId: components["schemas"]["ConversationId"];
            /**
             * Format: int64
             * @description How many people are in it now.
             * @example 11
             */
            memberCount: number;
            /**
             * Format: int64
             * @description The position of this event: the last one that this user gets.
             * @example 18
             */
            seq: number;
            /** @description Who is no member any more. */
            userId: components["schemas"]["UserId"];
        };
        /**
         * @description What a member may do in a conversation; a later one may do all that an earlier one may.
         * @enum {string}
         */
        MemberRole: "member" | "moderator" | "admin" | "owner";
        /** @description A message. */
        Message: {
            /**
             * @description What is attached.
             * @example []
             */
            attachments: components["schemas"]["File"][];
            /**
             * @description The key that the sender chose, for recognising a repeat.
             * @example 5f1d-1
             */
            clientMessageId: string | null;
            /**
             * @description The text, a subset of Markdown; empty once the message is deleted.
             * @example Fresh herring at pier 4
             */
            content: string;
            /** @description Where it was written. */
            conversationId: components["schemas"]["ConversationId"];
            /** @description When the server took it. */
            createdAt: components["schemas"]["Timestamp"];
            deletedAt: components["schemas"]["Timestamp"] | null;
            editedAt: components["schemas"]["Timestamp"] | null;
            forwardedFrom?: components["schemas"]["ForwardedFrom"] | null;
            groupMention?: components["schemas"]["GroupMention"] | null;
            /** @description The message's id. */
            id: components["schemas"]["MessageId"];
            /** @description What it is. */
            kind: components["schemas"]["MessageKind"];
            /** @description What is behind the links of its text, once that is known; absent if there is nothing. */
            linkPreviews?: components["schemas"]["LinkPreview"][];
            /**
             * @description Who is mentioned by name.
             * @example []
             */
            mentions: components["schemas"]["UserId"][];
            pinnedAt?: components["schemas"]["Timestamp"] | null;
            /** @description Reactions, in the order of their first use. */
            reactions: components["schemas"]["ReactionCount"][];
            /**
             * Format: int64
             * @description How many messages are in the thread that this one started.
             */
            replyCount: number;
            replyTo: components["schemas"]["MessageId"] | null;
            /** @description Who wrote it. */
            sender: components["schemas"]["UserSummary"];
            /**
             * Format: int64
             * @description Its position in the conversation's log: messages are shown in this order.
             * @example 17
             */
            seq: number;
            system?: components["schemas"]["SystemNote"] | null;
            threadId: components["schemas"]["MessageId"] | null;
        };
        /** @description Payload of `message.updated` and `message.deleted`: the message as it is now. */
        MessageChange: components["schemas"]["Message"] & {
            /** @description Who changed it. */
            actorId: components["schemas"]["UserId"];
            /**
             * Format: int64
             * @description Where the message is shown: its own position, which does not change. `seq` is the position of this event.
             * @example 17
             */
            messageSeq: number;
        };
        /** @description What a sender chooses of a message. Over REST it is the whole body: the path says where to. */
        MessageDraft: {
            /** @description Files that the sender has uploaded. */
            attachments?: components["schemas"]["FileId"][];
            /**
             * @description The sender's own key, 1 to 128 characters: a repeat answers with the first result.
             * @example 5f1d-1
             */
            clientMessageId?: string | null;
            /**
             * @description The text: 1 to 16,000 characters; it may be absent when there are attachments.
             * @example Fresh herring at pier 4
             */
            content?: string;
            /** @description What it is: `text`, or `voice` with exactly one file of sound. */
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
        MessageKind: "text" | "voice" | "system";
        /** @description Payload of `message.delete`. */
        MessageRef: {
            /** @description Which message. */
            messageId: components["schemas"]["MessageId"];
        };
        /** @description What a message said before it was changed. For moderators. */
        MessageVersion: {
            /**
             * @description The text.
             * @example Fresh herring at pier 3
             */
            content: string;
            /** @description When it was written. */
            createdAt: components["schemas"]["Timestamp"];
            /** @description When it gave way to the next version, or was deleted. */
            replacedAt: components["schemas"]["Timestamp"];
            /** @description Who changed or deleted it. */
            replacedBy: components["schemas"]["UserId"];
        };
        /** @description The new text of a message. */
        NewContent: {
            /**
             * @description 1 to 16,000 characters.
             * @example Fresh herring at pier 5
             */
            content: string;
        };
        /** @description A user as they see themselves. */
        OwnUser: components["schemas"]["User"] & {
            /**
             * @description Whether what is behind the links that they send is looked up and shown.
             * @example true
             */
            linkPreviews: boolean;
            /**
             * @description Whether others see when they are connected, and when they last were.
             * @example true
             */
            presenceVisible: boolean;
        };
        /** @description Where the next page begins. */
        PageMeta: {
            /** @description Whether there is a next page. */
            hasMore: boolean;
            /** @description To be passed as `?cursor=`; opaque, null on the last page. */
            nextCursor: string | null;
        };
        /** @description One page of a list. */
        Page_Block: {
            /** @description The entries. */
            data: {
                /** @description Since when. */
                createdAt: components["schemas"]["Timestamp"];
                /** @description Who. */
                user: components["schemas"]["UserSummary"];
            }[];
            /** @description Where the next page begins. */
            meta: components["schemas"]["PageMeta"];
        };
        /** @description One page of a list. */
        Page_Conversation: {
            /** @description The entries. */
            data: (components["schemas"]["ConversationInfo"] & {
                /**
                 * @description Changes when the log was replaced by another; see the delivery guide.
                 * @example 0123456789abcdef
                 */
                epoch: string;
                lastMessage: components["schemas"]["Message"] | null;
                /**
                 * Format: int64
                 * @description Position of the newest event.
                 * @example 17
                 */
                lastSeq: number;
                /** @description The caller's own relation to it. */
                me: components["schemas"]["Me"];
                /**
                 * Format: int64
                 * @description How many people are in it.
                 * @example 12
                 */
                memberCount: number;
                /**
                 * Format: int64
                 * @description Unread messages that mention the caller.
                 * @example 1
                 */
                mentionCount: number;
                peer: components["schemas"]["UserSummary"] | null;
                /**
                 * @description Name to show: the conversation's, or the other person's in a direct conversation.
                 * @example Harbour
                 */
                title: string;
                /**
                 * Format: int64
                 * @description Messages of others that the caller has not read.
                 * @example 3
                 */
                unreadCount: number;
            })[];
            /** @description Where the next page begins. */
            meta: components["schemas"]["PageMeta"];
        };
        /** @description One page of a list. */
        Page_Draft: {
            /** @description The entries. */
            data: {
                /**
                 * @description The text so far.
                 * @example Fresh herring
                 */
                content: string;
                /** @description Where it is to be sent. */
                conversationId: components["schemas"]["ConversationId"];
                replyTo: components["schemas"]["MessageId"] | null;
                /** @description When it last changed. */
                updatedAt: components["schemas"]["Timestamp"];
            }[];
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
                /**
                 * Format: int64
                 * @description Its position there.
                 * @example 17
                 */
                seq: number;
            })[];
            /** @description Where the next page begins. */
            meta: components["schemas"]["PageMeta"];
        };
        /** @description One page of a list. */
        Page_FileLink: {
            /** @description The entries. */
            data: {
                /** @description Until when it works. */
                expiresAt: components["schemas"]["Timestamp"];
                /** @description Which file. */
                fileId: components["schemas"]["FileId"];
                /**
                 * @description The address, relative to the server.
                 * @example /api/v1/files/0190a5d2-7b6c-7c3e-8f00-5b6c7d8e9f00?variant=small&user=…&expires=…&signature=…
                 */
                url: string;
                /** @description What of it. */
                variant: components["schemas"]["FileVariant"];
            }[];
            /** @description Where the next page begins. */
            meta: components["schemas"]["PageMeta"];
        };
        /** @description One page of a list. */
        Page_FileRejection: {
            /** @description The entries. */
            data: {
                /** @description The conversations in which a message holds it. */
                conversationIds: components["schemas"]["ConversationId"][];
                /** @description The file. */
                file: components["schemas"]["File"];
                /** @description Who uploaded it. */
                owner: components["schemas"]["UserSummary"];
                /** @description When it was found. */
                rejectedAt: components["schemas"]["Timestamp"];
                /**
                 * @description What was found, as the scanner names it.
                 * @example Win.Test.EICAR_HDB-1
                 */
                signature: string;
            }[];
            /** @description Where the next page begins. */
            meta: components["schemas"]["PageMeta"];
        };
        /** @description One page of a list. */
        Page_Invite: {
            /** @description The entries. */
            data: {
                /**
                 * @description The secret part of the link, for `POST /invites/{code}`.
                 * @example k3V9hQ2mTz8xWc1LrY0uPA
                 */
                code: string;
                /** @description Where it leads. */
                conversationId: components["schemas"]["ConversationId"];
                /** @description When. */
                createdAt: components["schemas"]["Timestamp"];
                /** @description Who made it. */
                createdBy: components["schemas"]["UserId"];
                expiresAt: components["schemas"]["Timestamp"] | null;
                /** @description The link's id. */
                id: components["schemas"]["InviteId"];
                /**
                 * Format: int32
                 * @description How many it has let in.
                 * @example 3
                 */
                uses: number;
                /**
                 * Format: int32
                 * @description How many people it lets in; null for any number.
                 * @example 10
                 */
                usesMax: number | null;
            }[];
            /** @description Where the next page begins. */
            meta: components["schemas"]["PageMeta"];
        };
        /** @description One page of a list. */
        Page_IpRule: {
            /** @description The entries. */
            data: {
                /** @description What becomes of them. */
                action: components["schemas"]["IpAction"];
                /**
                 * @description The addresses, such as `203.0.113.0/24` or `2001:db8::/32`.
                 * @example 203.0.113.0/24
                 */
                cidr: string;
                /** @description When. */
                createdAt: components["schemas"]["Timestamp"];
                /** @description Who made the rule. */
                createdBy: components["schemas"]["UserId"];
                /** @description The rule's id. */
                id: components["schemas"]["IpRuleId"];
                /**
                 * @description Why, up to 256 characters.
                 * @example A scraper
                 */
                note: string | null;
            }[];
            /** @description Where the next page begins. */
            meta: components["schemas"]["PageMeta"];
        };
        /** @description One page of a list. */
        Page_Member: {
            /** @description The entries. */
            data: {
                /** @description Since when they are in it. */
                joinedAt: components["schemas"]["Timestamp"];
                /** @description What they may do. */
                role: components["schemas"]["MemberRole"];
                /** @description Who. */
                user: components["schemas"]["User"];
            }[];
            /** @description Where the next page begins. */
            meta: components["schemas"]["PageMeta"];
        };
        /** @description One page of a list. */
        Page_Message: {
            /** @description The entries. */
            data: components["schemas"]["Message"][];
            /** @description Where the next page begins. */
            meta: components["schemas"]["PageMeta"];
        };
        /** @description One page of a list. */
        Page_MessageVersion: {
            /** @description The entries. */
            data: {
                /**
                 * @description The text.
                 * @example Fresh herring at pier 3
                 */
                content: string;
                /** @description When it was written. */
                createdAt: components["schemas"]["Timestamp"];
                /** @description When it gave way to the next version, or was deleted. */
                replacedAt: components["schemas"]["Timestamp"];
                /** @description Who changed or deleted it. */
                replacedBy: components["schemas"]["UserId"];
            }[];
            /** @description Where the next page begins. */
            meta: components["schemas"]["PageMeta"];
        };
        /** @description One page of a list. */
        Page_PublicChannel: {
            /** @description The entries. */
            data: {
                /** @description The channel's id. */
                id: components["schemas"]["ConversationId"];
                /** @description Whether the caller is one of them. */
                joined: boolean;
                /**
                 * Format: int64
                 * @description How many people are in it.
                 * @example 12
                 */
                memberCount: number;
                /**
                 * @description Its name.
                 * @example Harbour
                 */
                name: string;
                /**
                 * @description What it is about.
                 * @example Boats and tides
                 */
                topic: string | null;
            }[];
            /** @description Where the next page begins. */
            meta: components["schemas"]["PageMeta"];
        };
        /** @description One page of a list. */
        Page_Reaction: {
            /** @description The entries. */
            data: {
                /** @description When. */
                createdAt: components["schemas"]["Timestamp"];
                /**
                 * @description The emoji.
                 * @example 👍
                 */
                emoji: string;
                /** @description Who. */
                user: components["schemas"]["UserSummary"];
            }[];
            /** @description Where the next page begins. */
            meta: components["schemas"]["PageMeta"];
        };
        /** @description One page of a list. */
        Page_ScheduledMessage: {
            /** @description The entries. */
            data: {
                /**
                 * @description What is attached.
                 * @example []
                 */
                attachments?: components["schemas"]["File"][];
                /**
                 * @description The text.
                 * @example Fresh herring at pier 4
                 */
                content: string;
                /** @description Where to. */
                conversationId: components["schemas"]["ConversationId"];
                /** @description When it was written. */
                createdAt: components["schemas"]["Timestamp"];
                failure: components["schemas"]["ErrorCode"] | null;
                /** @description Its id; the message that is sent has another. */
                id: components["schemas"]["ScheduledMessageId"];
                /** @description What it is. */
                kind?: components["schemas"]["MessageKind"];
                replyTo: components["schemas"]["MessageId"] | null;
                /** @description When it is sent. */
                sendAt: components["schemas"]["Timestamp"];
                threadId: components["schemas"]["MessageId"] | null;
            }[];
            /** @description Where the next page begins. */
            meta: components["schemas"]["PageMeta"];
        };
        /** @description One page of a list. */
        Page_SearchHit: {
            /** @description The entries. */
            data: {
                /** @description What of its text was found, in ascending order. */
                highlights: components["schemas"]["Highlight"][];
                /** @description The message. */
                message: components["schemas"]["Message"];
            }[];
            /** @description Where the next page begins. */
            meta: components["schemas"]["PageMeta"];
        };
        /** @description One page of a list. */
        Page_SessionInfo: {
            /** @description The entries. */
            data: {
                /** @description When it began. */
                createdAt: components["schemas"]["Timestamp"];
                /**
                 * @description Whether it is the one that asks.
                 * @example true
                 */
                current: boolean;
                /** @description When it ends unless they are renewed. */
                expiresAt: components["schemas"]["Timestamp"];
                /** @description The session's id. */
                id: components["schemas"]["SessionId"];
                /** @description When its tokens were last renewed. */
                refreshedAt: components["schemas"]["Timestamp"];
            }[];
            /** @description Where the next page begins. */
            meta: components["schemas"]["PageMeta"];
        };
        /** @description One page of a list. */
        Page_SharedFile: {
            /** @description The entries. */
            data: {
                /** @description When it was sent. */
                createdAt: components["schemas"]["Timestamp"];
                /** @description The file. */
                file: components["schemas"]["File"];
                /** @description The message that it is attached to. */
                messageId: components["schemas"]["MessageId"];
                /**
                 * Format: int64
                 * @description The message's position.
                 * @example 17
                 */
                messageSeq: number;
                /**
                 * Format: int32
                 * @description Its place among the files of the message, from 0.
                 * @example 0
                 */
                position: number;
                /** @description Who sent it. */
                sender: components["schemas"]["UserSummary"];
            }[];
            /** @description Where the next page begins. */
            meta: components["schemas"]["PageMeta"];
        };
        /** @description One page of a list. */
        Page_User: {
            /** @description The entries. */
            data: {
                /** @description Picture to show, if there is one. */
                avatarUrl: string | null;
                /**
                 * @description Name to show.
                 * @example Ada Lovelace
                 */
                displayName: string;
                /** @description The user's id. */
                id: components["schemas"]["UserId"];
                lastSeen: components["schemas"]["Timestamp"] | null;
                /** @description Whether the user can be reached right now. */
                presence: components["schemas"]["Presence"];
                /** @description What the user may do on the whole installation. */
                role: components["schemas"]["PlatformRole"];
                /**
                 * @description Unique name for sign-in and mentions, lower case.
                 * @example ada
                 */
                username: string;
            }[];
            /** @description Where the next page begins. */
            meta: components["schemas"]["PageMeta"];
        };
        /**
         * @description What a user may do on the whole installation.
         * @enum {string}
         */
        PlatformRole: "user" | "moderator" | "admin";
        /** @description Payload of `pong`, the answer to a `ping`. */
        Pong: Record<string, never>;
        /**
         * @description Whether a user can be reached right now.
         * @enum {string}
         */
        Presence: "online" | "away" | "busy" | "offline";
        /** @description Payload of `presence.changed`: the latest state, never replayed. */
        PresenceChange: {
            lastSeen: components["schemas"]["Timestamp"] | null;
            /** @description Whether they can be reached now. */
            status: components["schemas"]["Presence"];
            /** @description Whose. */
            userId: components["schemas"]["UserId"];
        };
        /** @description Answer to `presence.watch`: how those are now who are watched from now on. */
        PresenceState: {
            /** @description Everybody who is watched. */
            users: components["schemas"]["PresenceChange"][];
        };
        /** @description Payload of `presence.update`: what this connection says of its user. */
        PresenceUpdate: {
            /**
             * @description Over all connections of a user, the one that asks for most counts: `offline` (do not show me), then `busy`, then
             *     `online`, then `away`.
             */
            status: components["schemas"]["Presence"];
        };
        /** @description Payload of `presence.watch`: of whom this connection wants to hear. It replaces what was watched before. */
        PresenceWatch: {
            /** @description Up to 1,000 people; those whom the caller may not see are left out without a word. */
            userIds: components["schemas"]["UserId"][];
        };
        /** @description The picture of a [`LinkPreview`]. */
        PreviewImage: {
            /**
             * Format: int32
             * @description Pixels down.
             * @example 335
             */
            height: number;
            /** @description As in a [`File`]. */
            placeholder?: string | null;
            /**
             * @description Where it is, relative to the server; needs no token and never changes.
             * @example /api/v1/link-previews/0190a5d2-7b6c-7c3e-8f00-5b6c7d8e9f00/image
             */
            url: string;
            /**
             * Format: int32
             * @description Pixels across.
             * @example 640
             */
            width: number;
        };
        /** @description What went wrong, in a form for programs (`code`) and for people (`detail`). */
        Problem: {
            /** @description Stable; made for programs. */
            code: components["schemas"]["ErrorCode"];
            /**
             * @description What went wrong this time, and what to do.
             * @example there is no such message
             */
            detail: string;
            /** @description Which fields are wrong; only with `validation_failed`. */
            errors?: components["schemas"]["FieldError"][];
            /**
             * @description Finds the request in the server's logs.
             * @example 0190163d-8694-739b-aea5-966c26f8ad91
             */
            requestId: string;
            /** @description Whether the same request may succeed later. When the outcome is unknown, repeat it with the same key. */
            retriable: boolean;
            /**
             * Format: int32
             * @description Seconds to wait before the next attempt; only with `rate_limited`. The same as `Retry-After`.
             */
            retryAfterSeconds?: number | null;
            /**
             * Format: int32
             * @description The HTTP status, also over sockets.
             * @example 404
             */
            status: number;
            /**
             * @description The code in words; the same each time.
             * @example There is no such thing, or the caller may not see it
             */
            title: string;
            /**
             * @description Where the code is explained, relative to the server.
             * @example /api/docs/errors/not_found
             */
            type: string;
        };
        /** @description A public channel, as somebody sees it who looks for one. */
        PublicChannel: {
            /** @description The channel's id. */
            id: components["schemas"]["ConversationId"];
            /** @description Whether the caller is one of them. */
            joined: boolean;
            /**
             * Format: int64
             * @description How many people are in it.
             * @example 12
             */
            memberCount: number;
            /**
             * @description Its name.
             * @example Harbour
             */
            name: string;
            /**
             * @description What it is about.
             * @example Boats and tides
             */
            topic: string | null;
        };
        /** @description Who chose an emoji under a message. */
        Reaction: {
            /** @description When. */
            createdAt: components["schemas"]["Timestamp"];
            /**
             * @description The emoji.
             * @example 👍
             */
            emoji: string;
            /** @description Who. */
            user: components["schemas"]["UserSummary"];
        };
        /** @description Payload of `reaction.added` and `reaction.removed`. */
        ReactionChange: {
            /** @description The conversation's id. */
            conversationId: components["schemas"]["ConversationId"];
            /**
             * Format: int32
             * @description How many people have chosen it now; none: it is gone.
             * @example 2
             */
            count: number;
            /**
             * @description The emoji.
             * @example 👍
             */
            emoji: string;
            /** @description The message under which the emoji is. */
            messageId: components["schemas"]["MessageId"];
            /**
             * Format: int64
             * @description The position of this event.
             * @example 18
             */
            seq: number;
            /** @description Who chose it or took it back. */
            userId: components["schemas"]["UserId"];
        };
        /** @description One emoji under a message, and how many people chose it. */
        ReactionCount: {
            /**
             * Format: int32
             * @description How many people chose it.
             * @example 2
             */
            count: number;
            /**
             * @description The emoji.
             * @example 👍
             */
            emoji: string;
            /**
             * @description Whether the caller is one of them.
             * @example true
             */
            me: boolean;
        };
        /** @description Chooses an emoji under a message, or takes it back. */
        ReactionRequest: {
            /**
             * @description One emoji.
             * @example 👍
             */
            emoji: string;
            /** @description Under which. */
            messageId: components["schemas"]["MessageId"];
        };
        /** @description Payload of `message.read_receipt`: somebody has read up to a position. Not part of the log: the latest state wins. */
        ReadReceipt: {
            /** @description The conversation's id. */
            conversationId: components["schemas"]["ConversationId"];
            /**
             * Format: int64
             * @description Everything up to here.
             * @example 17
             */
            lastReadSeq: number;
            /** @description When. */
            readAt: components["schemas"]["Timestamp"];
            /** @description Who has read. */
            userId: components["schemas"]["UserId"];
        };
        /** @description How far the caller has read a conversation. */
        ReadState: {
            /** @description Which conversation. */
            conversationId: components["schemas"]["ConversationId"];
            /**
             * Format: int64
             * @description Everything up to here is read.
             * @example 17
             */
            lastReadSeq: number;
            /**
             * Format: int64
             * @description Those of them that mention the caller.
             */
            mentionCount: number;
            /**
             * Format: int64
             * @description Messages of others beyond it.
             */
            unreadCount: number;
        };
        /** @description How far you have read: up to a message, or a position; without either, everything. */
        ReadUpTo: {
            messageId?: components["schemas"]["MessageId"] | null;
            /**
             * Format: int64
             * @description Up to this position; excludes `messageId`.
             * @example 17
             */
            seq?: number | null;
        };
        /** @description Payload of `ready`, the first frame on each connection. */
        Ready: {
            /** @description Names this connection in logs. */
            connectionId: components["schemas"]["ConnectionId"];
            /**
             * @description The epoch of all logs; another one than before means that cached positions are worthless.
             * @example 0123456789abcdef
             */
            epoch: string;
            expiresAt: components["schemas"]["Timestamp"] | null;
            /**
             * Format: int32
             * @description The server sends a WebSocket ping when it heard nothing for this long, and closes after twice as long.
             * @example 25
             */
            heartbeatSeconds: number;
            /** @description Who is connected. */
            user: components["schemas"]["User"];
        };
        /** @description One of those who have read a message. */
        Receipt: {
            /** @description When they had read up to it. */
            readAt: components["schemas"]["Timestamp"];
            /** @description Who. */
            user: components["schemas"]["UserSummary"];
        };
        /** @description A page of those who have read a message, and how many there are. */
        ReceiptPage: {
            /** @description The readers; none in a conversation of more than 256 members. */
            data: components["schemas"]["Receipt"][];
            /** @description Where the next page begins. */
            meta: components["schemas"]["PageMeta"];
            /**
             * Format: int64
             * @description How many members have read it, besides its sender, whatever the size of the conversation.
             * @example 2
             */
            readCount: number;
        };
        /** @description Trades a refresh token for a new pair, or gives it up at sign-out. */
        RefreshRequest: {
            /**
             * @description The newest refresh token of the session. Each works once, and for a minute again if the answer was lost; a later
             *     use ends the session.
             * @example natter_rt_4mGq0bTn
             */
            refreshToken: string;
        };
        /** @description Creates an account and signs it in. */
        RegisterRequest: {
            /**
             * @description Name to show, 1 to 64 characters; the username when absent.
             * @example Ada Lovelace
             */
            displayName?: string | null;
            /**
             * Format: email
             * @description E-mail address; never shown to others.
             * @example ada@example.com
             */
            email?: string | null;
            /**
             * Format: password
             * @description 8 to 256 characters.
             * @example correct horse battery staple
             */
            password: string;
            /**
             * @description 2 to 32 characters: a to z, 0 to 9, `_`, `-` and `.`; starts with a letter or digit. Upper case is folded.
             * @example ada
             */
            username: string;
        };
        /** @description A message that will be sent later. */
        ScheduledMessage: {
            /**
             * @description What is attached.
             * @example []
             */
            attachments?: components["schemas"]["File"][];
            /**
             * @description The text.
             * @example Fresh herring at pier 4
             */
            content: string;
            /** @description Where to. */
            conversationId: components["schemas"]["ConversationId"];
            /** @description When it was written. */
            createdAt: components["schemas"]["Timestamp"];
            failure: components["schemas"]["ErrorCode"] | null;
            /** @description Its id; the message that is sent has another. */
            id: components["schemas"]["ScheduledMessageId"];
            /** @description What it is. */
            kind?: components["schemas"]["MessageKind"];
            replyTo: components["schemas"]["MessageId"] | null;
            /** @description When it is sent. */
            sendAt: components["schemas"]["Timestamp"];
            threadId: components["schemas"]["MessageId"] | null;
        };
        /**
         * Format: uuid
         * @description Identifies a message that is to be sent later.
         * @example 0190163d-8694-739b-aea5-966c26f8ad91
         */
        ScheduledMessageId: string;
        /** @description A found message. */
        SearchHit: {
            /** @description What of its text was found, in ascending order. */
            highlights: components["schemas"]["Highlight"][];
            /** @description The message. */
            message: components["schemas"]["Message"];
        };
        /** @description Sends a message. */
        SendMessage: components["schemas"]["MessageDraft"] & {
            /** @description Where to. */
            conversationId: components["schemas"]["ConversationId"];
        };
        /**
         * Format: uuid
         * @description Identifies one sign-in: the family of refresh tokens that descend from it.
         * @example 0190163d-8694-739b-aea5-966c26f8ad91
         */
        SessionId: string;
        /** @description One sign-in of the caller. */
        SessionInfo: {
            /** @description When it began. */
            createdAt: components["schemas"]["Timestamp"];
            /**
             * @description Whether it is the one that asks.
             * @example true
             */
            current: boolean;
            /** @description When it ends unless they are renewed. */
            expiresAt: components["schemas"]["Timestamp"];
            /** @description The session's id. */
            id: components["schemas"]["SessionId"];
            /** @description When its tokens were last renewed. */
            refreshedAt: components["schemas"]["Timestamp"];
        };
        /** @description A file where it was sent. For the gallery of a conversation, and for taking its files out together with its messages. */
        SharedFile: {
            /** @description When it was sent. */
            createdAt: components["schemas"]["Timestamp"];
            /** @description The file. */
            file: components["schemas"]["File"];
            /** @description The message that it is attached to. */
            messageId: components["schemas"]["MessageId"];
            /**
             * Format: int64
             * @description The message's position.
             * @example 17
             */
            messageSeq: number;
            /**
             * Format: int32
             * @description Its place among the files of the message, from 0.
             * @example 0
             */
            position: number;
            /** @description Who sent it. */
            sender: components["schemas"]["UserSummary"];
        };
        /** @description The answer to a sign-up or sign-in. */
        SignIn: components["schemas"]["Tokens"] & {
            /** @description Who is signed in. */
            user: components["schemas"]["User"];
        };
        /** @description Ends a session. */
        SignOut: {
            /** @description Whether all other sessions of the user end, too. */
            everywhere?: boolean;
            /**
             * @description The newest refresh token of the session.
             * @example natter_rt_4mGq0bTn
             */
            refreshToken: string;
        };
        /** @description Payload of `sync.done`: everything that was asked for has been sent; what happens from now on follows by itself. */
        SyncDone: {
            /**
             * Format: int64
             * @description Events that were replayed.
             * @example 12
             */
            events: number;
        };
        /** @description Payload of `sync.events`: events that the client lacks, in order, without a gap to what it has. */
        SyncEvents: {
            /** @description The conversation. */
            conversationId: components["schemas"]["ConversationId"];
            /** @description Up to 100 of them; more follow in the next frame. */
            events: components["schemas"]["Event"][];
        };
        /** @description The newest position of a conversation. */
        SyncHead: {
            /** @description The conversation. */
            id: components["schemas"]["ConversationId"];
            /**
             * Format: int64
             * @description The newest position.
             * @example 17
             */
            seq: number;
        };
        /** @description Payload of `sync.lagging`: the connection was too slow, its queue was dropped, the client must pull. */
        SyncLagging: {
            /** @description Where events were dropped, and the newest position there. */
            conversations: components["schemas"]["SyncHead"][];
        };
        /** @description How far a client has followed a conversation. */
        SyncPosition: {
            /**
             * @description The epoch of the log that the position is in.
             * @example 0123456789abcdef
             */
            epoch: string;
            /** @description The conversation. */
            id: components["schemas"]["ConversationId"];
            /**
             * Format: int64
             * @description Everything up to here is there.
             * @example 17
             */
            seq: number;
        };
        /** @description Payload of `sync.removed`: the user is not in this conversation any more, or it is gone. */
        SyncRemoved: {
            /** @description The conversation. */
            conversationId: components["schemas"]["ConversationId"];
        };
        /**
         * @description Payload of `sync.reset`: what the client has of this conversation is of no use, or too old to be made up for event by
         *     event. It loads the conversation anew and goes on from this position.
         */
        SyncReset: {
            /** @description The conversation. */
            conversationId: components["schemas"]["ConversationId"];
            /**
             * @description The epoch of its log.
             * @example 0123456789abcdef
             */
            epoch: string;
            /**
             * Format: int64
             * @description The newest position.
             * @example 17
             */
            seq: number;
        };
        /** @description Payload of `sync.resume`: what the client has, so that it gets what it lacks. */
        SyncResume: {
            /** @description Whether these are all that the client knows. Then it is told of the others that its user is in, by `sync.reset`. */
            all?: boolean;
            /** @description Up to 5,000 conversations. */
            conversations: components["schemas"]["SyncPosition"][];
        };
        /** @description What a system message says. The sender of the message is whoever did it. */
        SystemNote: {
            /** @enum {string} */
            type: "memberAdded";
            /** @description Who. */
            userId: components["schemas"]["UserId"];
        } | {
            /** @enum {string} */
            type: "memberRemoved";
            /** @description Who. */
            userId: components["schemas"]["UserId"];
        } | {
            /** @enum {string} */
            type: "memberJoined";
        } | {
            /** @enum {string} */
            type: "memberLeft";
        } | {
            /** @description What they may do now. */
            role: components["schemas"]["MemberRole"];
            /** @enum {string} */
            type: "roleChanged";
            /** @description Who. */
            userId: components["schemas"]["UserId"];
        } | {
            /** @description The new one. */
            name: string;
            /** @enum {string} */
            type: "renamed";
        } | {
            /** @description The new one; null when it was cleared. */
            topic?: string | null;
            /** @enum {string} */
            type: "topicChanged";
        } | {
            /** @enum {string} */
            type: "visibilityChanged";
            /** @description Who can. */
            visibility: components["schemas"]["Visibility"];
        } | {
            /** @description What it is now. */
            status: components["schemas"]["ConversationStatus"];
            /** @enum {string} */
            type: "statusChanged";
        } | {
            /** @description Which. */
            messageId: components["schemas"]["MessageId"];
            /** @enum {string} */
            type: "messagePinned";
        };
        /** @description A smaller picture of a file. */
        Thumbnail: {
            /**
             * Format: int32
             * @description Pixels down.
             * @example 213
             */
            height: number;
            /** @description Which. */
            size: components["schemas"]["ThumbnailSize"];
            /**
             * Format: int32
             * @description Pixels across.
             * @example 320
             */
            width: number;
        };
        /**
         * @description How large a thumbnail is: its longer side.
         * @enum {string}
         */
        ThumbnailSize: "small" | "large";
        /** @description Opens one socket, once. */
        Ticket: {
            /**
             * Format: int32
             * @description Seconds until it is worthless, used or not.
             * @example 30
             */
            expiresIn: number;
            /**
             * @description To be passed as `?ticket=`.
             * @example natter_tk_9cVd2Rk1
             */
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
            /**
             * @description A JWT for the `Authorization: Bearer` header.
             * @example eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl
             */
            accessToken: string;
            /**
             * Format: int32
             * @description Seconds until the access token ends.
             * @example 900
             */
            expiresIn: number;
            /**
             * @description Opaque; trades for the next pair at `POST /auth/refresh`.
             * @example natter_rt_4mGq0bTn
             */
            refreshToken: string;
        };
        /** @description Payload of `typing.indicator`: somebody began or ceased to write. It ends by itself after 5 seconds. */
        TypingIndicator: {
            /** @description Whether they write. */
            active: boolean;
            /** @description Where. */
            conversationId: components["schemas"]["ConversationId"];
            /** @description Who. */
            userId: components["schemas"]["UserId"];
        };
        /**
         * @description Payload of `unread.changed`, for all connections of one user: what is left to read in a conversation, after the user
         *     read or was kept apart from somebody, on whichever device.
         */
        UnreadChange: {
            /** @description The conversation. */
            conversationId: components["schemas"]["ConversationId"];
            /**
             * Format: int64
             * @description Everything up to here is read.
             * @example 17
             */
            lastReadSeq: number;
            /**
             * Format: int64
             * @description Those of them that mention the user.
             * @example 1
             */
            mentionCount: number;
            /**
             * Format: int64
             * @description Messages of others beyond it.
             * @example 3
             */
            unreadCount: number;
        };
        /** @description How much is unread, over all conversations of the caller that are neither muted nor archived. */
        UnreadTotal: {
            /**
             * Format: int64
             * @description Conversations with unread messages.
             * @example 2
             */
            conversations: number;
            /**
             * Format: int64
             * @description Unread messages that mention the caller, in all conversations.
             * @example 1
             */
            mentions: number;
            /**
             * Format: int64
             * @description Unread messages.
             * @example 7
             */
            total: number;
        };
        /** @description A text that is not sent yet. */
        Unsent: {
            /**
             * @description The text so far, up to 16,000 characters; an empty one forgets the draft.
             * @example Fresh herring
             */
            content: string;
            replyTo?: components["schemas"]["MessageId"] | null;
        };
        /** @description Whom to keep away. */
        Unwanted: {
            /**
             * @description A username or id.
             * @example bob
             */
            username: string;
        };
        /** @description Changes what everybody sees of a conversation. What is absent stays. */
        UpdateConversation: {
            /**
             * @description Whether what is behind links is shown.
             * @example true
             */
            linkPreviews?: boolean | null;
            /**
             * @description Its name: 1 to 128 characters.
             * @example Harbour
             */
            name?: string | null;
            status?: components["schemas"]["ConversationStatus"] | null;
            /**
             * @description What it is about: up to 512 characters; null or an empty one clears it.
             * @example Boats and tides
             */
            topic?: string | null;
            visibility?: components["schemas"]["Visibility"] | null;
        };
        /** @description Changes what only the caller sees of a conversation. What is absent stays. */
        UpdateMe: {
            /** @description Out of the list. */
            archived?: boolean | null;
            /**
             * @description No notifications.
             * @example true
             */
            muted?: boolean | null;
            /** @description On top of the list. */
            pinned?: boolean | null;
        };
        /** @description Changes what a member may do. */
        UpdateMember: {
            /** @description The new role. With `owner` the caller, who must be the owner, hands the conversation over and becomes an admin. */
            role: components["schemas"]["MemberRole"];
        };
        /** @description Changes how others see the caller. What is absent stays. */
        UpdateProfile: {
            /**
             * @description Picture to show: an http(s) address of up to 2,048 characters; null or an empty one clears it.
             * @example https://example.com/ada.png
             */
            avatarUrl?: string | null;
            /**
             * @description Name to show: 1 to 64 characters.
             * @example Ada Lovelace
             */
            displayName?: string | null;
            /**
             * @description Whether what is behind the links that the caller sends is looked up and shown.
             * @example true
             */
            linkPreviews?: boolean | null;
            /**
             * @description Whether others see when the caller is connected, and when they last were.
             * @example true
             */
            presenceVisible?: boolean | null;
        };
        /** @description A user as everybody sees them. */
        User: {
            /** @description Picture to show, if there is one. */
            avatarUrl: string | null;
            /**
             * @description Name to show.
             * @example Ada Lovelace
             */
            displayName: string;
            /** @description The user's id. */
            id: components["schemas"]["UserId"];
            lastSeen: components["schemas"]["Timestamp"] | null;
            /** @description Whether the user can be reached right now. */
            presence: components["schemas"]["Presence"];
            /** @description What the user may do on the whole installation. */
            role: components["schemas"]["PlatformRole"];
            /**
             * @description Unique name for sign-in and mentions, lower case.
             * @example ada
             */
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
            avatarUrl: string | null;
            /**
             * @description Name to show.
             * @example Ada Lovelace
             */
            displayName: string;
            /** @description The user's id. */
            id: components["schemas"]["UserId"];
            /**
             * @description Unique name for sign-in and mentions, lower case.
             * @example ada
             */
            username: string;
        };
        /**
         * @description Who can find and join a conversation without being invited.
         * @example private
         * @enum {string}
         */
        Visibility: "public" | "private";
        /** @description A file to which a link is wanted. */
        WantedLink: {
            /** @description Which. */
            id: components["schemas"]["FileId"];
            /** @description What of it; the file itself when absent. */
            variant?: components["schemas"]["FileVariant"];
        };
        /** @description Files to which links are wanted. */
        WantedLinks: {
            /** @description Up to 100. */
            files: components["schemas"]["WantedLink"][];
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
/** The REST interface, by method and path: what each takes, and what it answers. */
export interface Endpoints {
    /** @description List the rules about addresses */
    "GET /admin/ip-rules": { query?: { limit?: number; cursor?: string }; answer: components["schemas"]["Page_IpRule"] };
    /** @description Make a rule about addresses */
    "POST /admin/ip-rules": { body: components["schemas"]["CreateIpRule"]; answer: components["schemas"]["IpRule"] };
    /** @description Delete a rule about addresses */
    "DELETE /admin/ip-rules/{id}": { path: { id: components["schemas"]["IpRuleId"] }; answer: undefined };
    /** @description Sign in */
    "POST /auth/login": { body: components["schemas"]["LoginRequest"]; answer: components["schemas"]["SignIn"] };
    /** @description Sign out */
    "POST /auth/logout": { body: components["schemas"]["SignOut"]; answer: undefined };
    /** @description Stay signed in */
    "POST /auth/refresh": { body: components["schemas"]["RefreshRequest"]; answer: components["schemas"]["Tokens"] };
    /** @description Sign up */
    "POST /auth/register": { body: components["schemas"]["RegisterRequest"]; answer: components["schemas"]["SignIn"] };
    /** @description Get a ticket for a socket */
    "POST /auth/ticket": { answer: components["schemas"]["Ticket"] };
    /** @description List whom you have blocked */
    "GET /blocks": { query?: { limit?: number; cursor?: string }; answer: components["schemas"]["Page_Block"] };
    /** @description Block somebody */
    "POST /blocks": { body: components["schemas"]["Unwanted"]; answer: components["schemas"]["Block"] };
    /** @description See whether there is a block */
    "GET /blocks/status/{username}": { path: { username: string }; answer: components["schemas"]["BlockStatus"] };
    /** @description Unblock somebody */
    "DELETE /blocks/{username}": { path: { username: string }; answer: undefined };
    /** @description List conversations */
    "GET /conversations": { query?: { query?: string; archived?: boolean; pinned?: boolean; type?: "direct" | "group" | "channel"; unread?: boolean; limit?: number; cursor?: string }; answer: components["schemas"]["Page_Conversation"] };
    /** @description Create a conversation */
    "POST /conversations": { body: components["schemas"]["CreateConversation"]; answer: components["schemas"]["Conversation"] };
    /** @description Find public channels */
    "GET /conversations/public": { query?: { query?: string; limit?: number; cursor?: string }; answer: components["schemas"]["Page_PublicChannel"] };
    /** @description Count what is unread */
    "GET /conversations/unread-count": { answer: components["schemas"]["UnreadTotal"] };
    /** @description Get the direct conversation with somebody */
    "GET /conversations/with/{username}": { path: { username: string }; answer: components["schemas"]["Conversation"] };
    /** @description Get a conversation */
    "GET /conversations/{id}": { path: { id: components["schemas"]["ConversationId"] }; answer: components["schemas"]["Conversation"] };
    /** @description Replace a conversation's name and topic */
    "PUT /conversations/{id}": { path: { id: components["schemas"]["ConversationId"] }; body: components["schemas"]["UpdateConversation"]; answer: components["schemas"]["Conversation"] };
    /** @description Delete a conversation */
    "DELETE /conversations/{id}": { path: { id: components["schemas"]["ConversationId"] }; answer: undefined };
    /** @description Change a conversation */
    "PATCH /conversations/{id}": { path: { id: components["schemas"]["ConversationId"] }; body: components["schemas"]["UpdateConversation"]; answer: components["schemas"]["Conversation"] };
    /** @description Get your draft */
    "GET /conversations/{id}/draft": { path: { id: components["schemas"]["ConversationId"] }; answer: components["schemas"]["Draft"] };
    /** @description Save your draft */
    "PUT /conversations/{id}/draft": { path: { id: components["schemas"]["ConversationId"] }; body: components["schemas"]["Unsent"]; answer: components["schemas"]["Draft"] };
    /** @description Forget your draft */
    "DELETE /conversations/{id}/draft": { path: { id: components["schemas"]["ConversationId"] }; answer: undefined };
    /** @description Get what happened since */
    "GET /conversations/{id}/events": { path: { id: components["schemas"]["ConversationId"] }; query?: { after?: number; cursor?: number; limit?: number }; answer: components["schemas"]["Page_Event"] };
    /** @description List the files of a conversation */
    "GET /conversations/{id}/files": { path: { id: components["schemas"]["ConversationId"] }; query?: { kind?: "image" | "video" | "audio" | "document"; order?: "newest" | "oldest"; limit?: number; cursor?: string }; answer: components["schemas"]["Page_SharedFile"] };
    /** @description List invite links */
    "GET /conversations/{id}/invites": { path: { id: components["schemas"]["ConversationId"] }; answer: components["schemas"]["Page_Invite"] };
    /** @description Create an invite link */
    "POST /conversations/{id}/invites": { path: { id: components["schemas"]["ConversationId"] }; body: components["schemas"]["CreateInvite"] | null; answer: components["schemas"]["Invite"] };
    /** @description Revoke an invite link */
    "DELETE /conversations/{id}/invites/{inviteId}": { path: { id: components["schemas"]["ConversationId"]; inviteId: components["schemas"]["InviteId"] }; answer: undefined };
    /** @description Join a public channel */
    "POST /conversations/{id}/join": { path: { id: components["schemas"]["ConversationId"] }; answer: components["schemas"]["Conversation"] };
    /** @description Leave a conversation */
    "POST /conversations/{id}/leave": { path: { id: components["schemas"]["ConversationId"] }; answer: undefined };
    /** @description Mute, pin or archive a conversation */
    "PATCH /conversations/{id}/me": { path: { id: components["schemas"]["ConversationId"] }; body: components["schemas"]["UpdateMe"]; answer: components["schemas"]["Me"] };
    /** @description List members */
    "GET /conversations/{id}/members": { path: { id: components["schemas"]["ConversationId"] }; query?: { limit?: number; cursor?: string }; answer: components["schemas"]["Page_Member"] };
    /** @description Add a member */
    "POST /conversations/{id}/members": { path: { id: components["schemas"]["ConversationId"] }; body: components["schemas"]["AddMember"]; answer: components["schemas"]["Member"] };
    /** @description Remove a member */
    "DELETE /conversations/{id}/members/{userId}": { path: { id: components["schemas"]["ConversationId"]; userId: components["schemas"]["UserId"] }; answer: undefined };
    /** @description Change what a member may do */
    "PATCH /conversations/{id}/members/{userId}": { path: { id: components["schemas"]["ConversationId"]; userId: components["schemas"]["UserId"] }; body: components["schemas"]["UpdateMember"]; answer: components["schemas"]["Member"] };
    /** @description List messages */
    "GET /conversations/{id}/messages": { path: { id: components["schemas"]["ConversationId"] }; query?: { limit?: number; cursor?: string; before?: components["schemas"]["MessageId"]; after?: components["schemas"]["MessageId"]; around?: components["schemas"]["MessageId"]; threadId?: components["schemas"]["MessageId"] }; answer: components["schemas"]["Page_Message"] };
    /** @description Send a message */
    "POST /conversations/{id}/messages": { path: { id: components["schemas"]["ConversationId"] }; body: components["schemas"]["MessageDraft"]; answer: components["schemas"]["Message"] };
    /** @description List pinned messages */
    "GET /conversations/{id}/pins": { path: { id: components["schemas"]["ConversationId"] }; answer: components["schemas"]["Page_Message"] };
    /** @description Mark a conversation as read */
    "POST /conversations/{id}/read": { path: { id: components["schemas"]["ConversationId"] }; body: components["schemas"]["ReadUpTo"] | null; answer: components["schemas"]["ReadState"] };
    /** @description Schedule a message */
    "POST /conversations/{id}/scheduled-messages": { path: { id: components["schemas"]["ConversationId"] }; body: components["schemas"]["Later"]; answer: components["schemas"]["ScheduledMessage"] };
    /** @description Upload a file */
    "POST /files": { answer: components["schemas"]["File"] };
    /** @description Get links to files */
    "POST /files/links": { body: components["schemas"]["WantedLinks"]; answer: components["schemas"]["Page_FileLink"] };
    /** @description List the files in which a virus was found */
    "GET /files/rejected": { query?: { limit?: number; cursor?: string }; answer: components["schemas"]["Page_FileRejection"] };
    /** @description Begin an upload */
    "POST /files/uploads": { answer: undefined };
    /** @description Give an upload up */
    "DELETE /files/uploads/{id}": { path: { id: components["schemas"]["FileId"] }; answer: undefined };
    /** @description Go on with an upload */
    "PATCH /files/uploads/{id}": { path: { id: components["schemas"]["FileId"] }; answer: undefined };
    /** @description Download a file */
    "GET /files/{id}": { path: { id: components["schemas"]["FileId"] }; query?: { variant?: "original" | "small" | "large" }; answer: undefined };
    /** @description Delete a file */
    "DELETE /files/{id}": { path: { id: components["schemas"]["FileId"] }; answer: undefined };
    /** @description Get what is known of a file */
    "GET /files/{id}/info": { path: { id: components["schemas"]["FileId"] }; answer: components["schemas"]["File"] };
    /** @description Get a thumbnail */
    "GET /files/{id}/thumbnail": { path: { id: components["schemas"]["FileId"] }; query?: { size?: "small" | "large" }; answer: undefined };
    /** @description See where an invite link leads */
    "GET /invites/{code}": { path: { code: string }; answer: components["schemas"]["InvitePreview"] };
    /** @description Join by an invite link */
    "POST /invites/{code}": { path: { code: string }; answer: components["schemas"]["Conversation"] };
    /** @description Get the picture of a link */
    "GET /link-previews/{id}/image": { path: { id: string }; answer: undefined };
    /** @description Get a message */
    "GET /messages/{id}": { path: { id: components["schemas"]["MessageId"] }; answer: components["schemas"]["Message"] };
    /** @description Replace a message's text */
    "PUT /messages/{id}": { path: { id: components["schemas"]["MessageId"] }; body: components["schemas"]["NewContent"]; answer: components["schemas"]["Message"] };
    /** @description Delete a message */
    "DELETE /messages/{id}": { path: { id: components["schemas"]["MessageId"] }; answer: components["schemas"]["Message"] };
    /** @description Edit a message */
    "PATCH /messages/{id}": { path: { id: components["schemas"]["MessageId"] }; body: components["schemas"]["NewContent"]; answer: components["schemas"]["Message"] };
    /** @description Forward a message */
    "POST /messages/{id}/forward": { path: { id: components["schemas"]["MessageId"] }; body: components["schemas"]["Destinations"]; answer: components["schemas"]["Page_Message"] };
    /** @description Pin a message */
    "PUT /messages/{id}/pin": { path: { id: components["schemas"]["MessageId"] }; answer: components["schemas"]["Message"] };
    /** @description Unpin a message */
    "DELETE /messages/{id}/pin": { path: { id: components["schemas"]["MessageId"] }; answer: components["schemas"]["Message"] };
    /** @description List reactions */
    "GET /messages/{id}/reactions": { path: { id: components["schemas"]["MessageId"] }; query?: { limit?: number; cursor?: string }; answer: components["schemas"]["Page_Reaction"] };
    /** @description React to a message */
    "POST /messages/{id}/reactions": { path: { id: components["schemas"]["MessageId"] }; body: components["schemas"]["Choice"]; answer: components["schemas"]["Message"] };
    /** @description Take a reaction back */
    "DELETE /messages/{id}/reactions/{emoji}": { path: { id: components["schemas"]["MessageId"]; emoji: string }; answer: components["schemas"]["Message"] };
    /** @description Mark a message as read */
    "POST /messages/{id}/read": { path: { id: components["schemas"]["MessageId"] }; answer: components["schemas"]["ReadState"] };
    /** @description List who has read a message */
    "GET /messages/{id}/receipts": { path: { id: components["schemas"]["MessageId"] }; query?: { limit?: number; cursor?: string }; answer: components["schemas"]["ReceiptPage"] };
    /** @description See what a message said before */
    "GET /messages/{id}/versions": { path: { id: components["schemas"]["MessageId"] }; answer: components["schemas"]["Page_MessageVersion"] };
    /** @description Find messages */
    "GET /search/messages": { query: { q: string; conversationId?: components["schemas"]["ConversationId"]; from?: string; before?: components["schemas"]["Timestamp"]; after?: components["schemas"]["Timestamp"]; has?: "file"; limit?: number; cursor?: string }; answer: components["schemas"]["Page_SearchHit"] };
    /** @description Find people */
    "GET /users": { query?: { query?: string; ids?: string; limit?: number; cursor?: string }; answer: components["schemas"]["Page_User"] };
    /** @description Get yourself */
    "GET /users/me": { answer: components["schemas"]["OwnUser"] };
    /** @description Change how others see you */
    "PATCH /users/me": { body: components["schemas"]["UpdateProfile"]; answer: components["schemas"]["OwnUser"] };
    /** @description List your drafts */
    "GET /users/me/drafts": { query?: { limit?: number; cursor?: string }; answer: components["schemas"]["Page_Draft"] };
    /** @description Change your password */
    "PUT /users/me/password": { body: components["schemas"]["ChangePassword"]; answer: undefined };
    /** @description List your scheduled messages */
    "GET /users/me/scheduled-messages": { answer: components["schemas"]["Page_ScheduledMessage"] };
    /** @description Cancel a scheduled message */
    "DELETE /users/me/scheduled-messages/{id}": { path: { id: components["schemas"]["ScheduledMessageId"] }; answer: undefined };
    /** @description List your sessions */
    "GET /users/me/sessions": { answer: components["schemas"]["Page_SessionInfo"] };
    /** @description End all other sessions */
    "DELETE /users/me/sessions": { answer: undefined };
    /** @description End a session */
    "DELETE /users/me/sessions/{id}": { path: { id: components["schemas"]["SessionId"] }; answer: undefined };
    /** @description List who is online */
    "GET /users/online": { query?: { limit?: number; cursor?: string }; answer: components["schemas"]["Page_User"] };
    /** @description Get a user */
    "GET /users/{username}": { path: { username: string }; answer: components["schemas"]["User"] };
}
/** What a socket can be asked for, by its type: what it takes, and what it answers. */
export interface ClientRequests {
    /** @description Keep the socket open with a newer token. */
    "auth.refresh": [components["schemas"]["AuthRefresh"], components["schemas"]["AuthState"]];
    /** @description Join a public channel. */
    "conversation.join": [components["schemas"]["ConversationRef"], components["schemas"]["Conversation"]];
    /** @description Leave a conversation. */
    "conversation.leave": [components["schemas"]["ConversationRef"], object];
    /** @description Delete a message. */
    "message.delete": [components["schemas"]["MessageRef"], components["schemas"]["Message"]];
    /** @description Change the text of a message. */
    "message.edit": [components["schemas"]["EditMessage"], components["schemas"]["Message"]];
    /** @description Send copies of a message to other conversations. */
    "message.forward": [components["schemas"]["ForwardMessage"], components["schemas"]["Page_Message"]];
    /** @description Mark a conversation as read. */
    "message.read": [components["schemas"]["MarkRead"], components["schemas"]["ReadState"]];
    /** @description Send a message. */
    "message.send": [components["schemas"]["SendMessage"], components["schemas"]["Message"]];
    /** @description Ask whether anybody is there. */
    "ping": [object, components["schemas"]["Pong"]];
    /** @description Say whether one can be reached at this connection. */
    "presence.update": [components["schemas"]["PresenceUpdate"], object];
    /** @description Hear of the presence of these people, and of no others. */
    "presence.watch": [components["schemas"]["PresenceWatch"], components["schemas"]["PresenceState"]];
    /** @description Choose an emoji under a message. */
    "reaction.add": [components["schemas"]["ReactionRequest"], components["schemas"]["Message"]];
    /** @description Take an emoji back. */
    "reaction.remove": [components["schemas"]["ReactionRequest"], components["schemas"]["Message"]];
    /** @description Get what was missed: the answer is any number of sync.events, sync.reset and sync.removed before sync.done. */
    "sync.resume": [components["schemas"]["SyncResume"], components["schemas"]["SyncDone"]];
    /** @description Show the others that one is writing. */
    "typing.start": [components["schemas"]["ConversationRef"], object];
    /** @description Show it no longer. */
    "typing.stop": [components["schemas"]["ConversationRef"], object];
}
/** What a socket says by itself, by its type. */
export interface ServerEvents {
    /** @description The user has blocked somebody, or let them near again. */
    "blocks.changed": components["schemas"]["BlocksChange"];
    /** @description The first entry of a log. */
    "conversation.created": components["schemas"]["ConversationCreated"];
    /** @description The last entry of a log. */
    "conversation.deleted": components["schemas"]["ConversationDeleted"];
    /** @description Its name, topic, visibility or status changed. */
    "conversation.updated": components["schemas"]["ConversationChange"];
    /** @description A virus was found in a file: for whoever uploaded it, and for the moderators of where it was sent. */
    "file.rejected": components["schemas"]["FileRejection"];
    /** @description What is known of a file of one's own changed, such as that it can be fetched. */
    "file.updated": components["schemas"]["File"];
    /** @description The user has muted, pinned or archived a conversation, or no longer. */
    "me.changed": components["schemas"]["MeChange"];
    /** @description Somebody came in. */
    "member.joined": components["schemas"]["MemberChange"];
    /** @description Somebody went, or was removed; for them it is the last event. */
    "member.left": components["schemas"]["MemberLeft"];
    /** @description Somebody may do more or less than before. */
    "member.updated": components["schemas"]["MemberChange"];
    /** @description A message was deleted. */
    "message.deleted": components["schemas"]["MessageChange"];
    /** @description A message was sent. */
    "message.new": components["schemas"]["Message"];
    /** @description Somebody has read up to a position. */
    "message.read_receipt": components["schemas"]["ReadReceipt"];
    /** @description A message's text changed, or it was pinned or unpinned. */
    "message.updated": components["schemas"]["MessageChange"];
    /** @description Somebody who is watched came, went, or says so. */
    "presence.changed": components["schemas"]["PresenceChange"];
    /** @description Somebody chose an emoji. */
    "reaction.added": components["schemas"]["ReactionChange"];
    /** @description Somebody took an emoji back. */
    "reaction.removed": components["schemas"]["ReactionChange"];
    /** @description The first frame on each connection. */
    "ready": components["schemas"]["Ready"];
    /** @description Events that were missed, without a gap. */
    "sync.events": components["schemas"]["SyncEvents"];
    /** @description The connection was too slow: events up to these positions were dropped and have to be pulled. */
    "sync.lagging": components["schemas"]["SyncLagging"];
    /** @description The user is not in this conversation any more, or it is gone. */
    "sync.removed": components["schemas"]["SyncRemoved"];
    /** @description Load this conversation anew and go on from here. */
    "sync.reset": components["schemas"]["SyncReset"];
    /** @description Somebody began or ceased to write. */
    "typing.indicator": components["schemas"]["TypingIndicator"];
    /** @description What is left to read, after the user has read somewhere. */
    "unread.changed": components["schemas"]["UnreadChange"];
}
