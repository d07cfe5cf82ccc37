-- Names as they are taken from now on: in one form, with nothing in them that can't be seen. (Unassigned characters and
-- marks in piles are left to the next change of the name.)
create function pg_temp.shown(name text, form text) returns text language sql as $$
    select btrim(regexp_replace(
        regexp_replace(
            case form when 'nfkc' then normalize(name, nfkc) else normalize(name, nfc) end,
            E'[\\u0001-\\u001F\\u007F-\\u009F\\u00AD\\u034F\\u061C\\u115F\\u1160\\u17B4\\u17B5\\u180B-\\u180F'
                || E'\\u200B\\u200E\\u200F\\u2028-\\u202E\\u2060-\\u206F\\u3164\\uE000-\\uF8FF\\uFEFF\\uFFA0'
                || E'\\uFFF0-\\uFFFB]', '', 'g'),
        E'[ \\u00A0\\u1680\\u2000-\\u200A\\u202F\\u205F\\u3000]+', ' ', 'g'))
$$;

-- A word of letters of two alphabets that look alike: such a name is replaced by the username, which is plain.
create function pg_temp.is_mixed(name text) returns boolean language sql as $$
    select exists (
        select from regexp_split_to_table(
            name, E'[^A-Za-z\\u00C0-\\u024F\\u1E00-\\u1EFF\\u0300-\\u03FF\\u1F00-\\u1FFF\\u0400-\\u052F\\u2DE0-\\u2DFF]+') as word
        where (word ~ E'[A-Za-z\\u00C0-\\u024F\\u1E00-\\u1EFF]')::int
            + (word ~ E'[\\u0400-\\u052F\\u2DE0-\\u2DFF]')::int
            + (word ~ E'[\\u0370-\\u03FF\\u1F00-\\u1FFF]')::int > 1)
$$;

update users u set display_name = better.name, version = version + 1
from (
    select id, case when shown = '' or char_length(shown) > 80 or pg_temp.is_mixed(shown) then username else shown end
        as name
    from (select id, username, display_name, pg_temp.shown(display_name, 'nfkc') as shown from users
        where display_name !~ '^[ -~]*$') as odd
) as better
where u.id = better.id and u.display_name <> better.name;

update templates t set name = pg_temp.shown(name, 'nfc')
where name !~ '^[ -~]*$' and name <> pg_temp.shown(name, 'nfc')
  and char_length(pg_temp.shown(name, 'nfc')) between 1 and 120;

update exercises e set name = pg_temp.shown(name, 'nfc')
where owner is not null and name !~ '^[ -~]*$' and name <> pg_temp.shown(name, 'nfc')
  and char_length(pg_temp.shown(name, 'nfc')) between 1 and 120;
