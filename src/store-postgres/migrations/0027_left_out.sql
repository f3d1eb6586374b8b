-- Which listeners of its recipient set a message does not fit, a bit for each, the lowest of each byte first; most leave none out.
alter table discue.messages add column left_out bytea;
alter table discue.discards add column left_out bytea;
