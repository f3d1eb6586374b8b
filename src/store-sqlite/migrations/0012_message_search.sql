-- For finding messages by their name or key. One that has neither, which is most, costs nothing more than before.
create index messages_name on messages (queue_id, name, id) where name is not null;
create index messages_key on messages (queue_id, key, id) where key is not null;
