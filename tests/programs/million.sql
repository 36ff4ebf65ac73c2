-- A million rows, an index, an update, a join and a sum.
create table words(id integer primary key, word text, weight real);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000000)
insert into words select i, 'word ' || (i * 7919 % 1000003), i * 0.5 from n;
create index by_word on words(word);
update words set weight = weight + 1 where id % 3 = 0;
select count(*), sum(length(word)), cast(sum(weight) as integer) from words where word > 'word 5';
select count(*) from words a join words b on a.word = b.word where a.id < 200000;
