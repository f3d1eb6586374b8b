-- What each node calls itself, and which settings it knows. Nodes of an older version say neither, and know none that is new.
alter table discue.nodes add column name text, add column features text[] not null default '{}';
