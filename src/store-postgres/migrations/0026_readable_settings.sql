-- Half of a surrogate pair can be stored in JSON and not be read out of it: `->` fails every statement that comes upon such a
-- row. It becomes U+FFFD, which is what was sent in its place. Texts here hold whole pairs as characters, never as escapes.
update discue.listeners
   set settings = regexp_replace(settings::text, '((?<!\\)(?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})', '\1\\ufffd', 'gi')::json
 where settings::text ~* '(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f][0-9a-f]{2})';
