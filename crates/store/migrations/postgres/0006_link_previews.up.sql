-- Whether what is behind links is looked up: in a conversation, and for what a user sends.
ALTER TABLE conversations ADD COLUMN link_previews boolean NOT NULL DEFAULT true;
ALTER TABLE users ADD COLUMN link_previews boolean NOT NULL DEFAULT true;

DROP VIEW conversation_list_view;
CREATE VIEW conversation_list_view AS
SELECT m.user_id,
       m.role,
       m.last_read_seq,
       m.muted,
       m.pinned,
       m.archived,
       u.unread_count,
       u.mention_count,
       c.id,
       c.type,
       c.name,
       c.topic,
       c.visibility,
       c.status,
       c.link_previews,
       c.created_by,
       c.created_at,
       c.updated_at,
       c.last_seq,
       c.last_message_id,
       c.member_count,
       (SELECT pm.user_id
          FROM conversation_members AS pm
         WHERE c.type = 'direct'
           AND pm.conversation_id = c.id
           AND pm.user_id <> m.user_id) AS peer_id
  FROM conversation_members AS m
  JOIN conversations AS c ON c.id = m.conversation_id
  JOIN unread_message_counts AS u ON u.conversation_id = m.conversation_id AND u.user_id = m.user_id;

-- What was behind the links of a message when it was sent. A website that says something else later says it in later
-- messages.
ALTER TABLE messages ADD COLUMN link_previews jsonb;

-- Small pictures, which a database keeps as well as a disk does, and erases together with what shows them.
CREATE TABLE preview_images (
    id         uuid PRIMARY KEY,
    media_type text NOT NULL,
    content    bytea NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX preview_images_by_time ON preview_images (created_at);

CREATE TABLE message_preview_images (
    message_id uuid NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    image_id   uuid NOT NULL REFERENCES preview_images (id),
    PRIMARY KEY (message_id, image_id)
);
CREATE INDEX message_preview_images_by_image ON message_preview_images (image_id);

-- What was found behind a link lately, or that there was nothing.
CREATE TABLE link_previews (
    url        text PRIMARY KEY,
    preview    jsonb,
    image_id   uuid REFERENCES preview_images (id),
    expires_at timestamptz NOT NULL
);
CREATE INDEX link_previews_by_expiry ON link_previews (expires_at);
CREATE INDEX link_previews_by_image ON link_previews (image_id) WHERE image_id IS NOT NULL;
