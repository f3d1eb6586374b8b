alter table messages add column key text;
