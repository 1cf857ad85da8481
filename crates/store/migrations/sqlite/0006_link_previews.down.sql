DROP TABLE link_previews;
DROP TABLE message_preview_images;
DROP TABLE preview_images;
ALTER TABLE messages DROP COLUMN link_previews;
ALTER TABLE users DROP COLUMN link_previews;
ALTER TABLE conversations DROP COLUMN link_previews;
