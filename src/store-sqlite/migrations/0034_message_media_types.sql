-- As in a data: URL: the media type that a client gave, and for bytes, whose data is their base64, ';base64' behind it.
alter table messages add column media_type text;
