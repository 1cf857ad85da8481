DROP VIEW conversation_list_view;
DROP TABLE link_previews;
DROP TABLE message_preview_images;
DROP TABLE preview_images;
ALTER TABLE messages DROP COLUMN link_previews;
ALTER TABLE users DROP COLUMN link_previews;
ALTER TABLE conversations DROP COLUMN link_previews;
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
