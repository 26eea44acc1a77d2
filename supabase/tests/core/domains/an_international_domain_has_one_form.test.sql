begin;
set local search_path = public, extensions, tests;
select no_plan();

select is(private.ascii_domain(given), form, format('ascii_domain: %s → %s', given, form)) from (values
  ('münchen.de', 'xn--mnchen-3ya.de'), ('MÜNCHEN.DE', 'xn--mnchen-3ya.de'), ('xn--mnchen-3ya.de', 'xn--mnchen-3ya.de'), ('Acme.COM', 'acme.com'),
  ('mail.bücher.example', 'mail.xn--bcher-kva.example'), ('пример.испытание', 'xn--e1afmkfd.xn--80akhbyknj4f'),
  ('例え.テスト', 'xn--r8jz45g.xn--zckzah'), ('ليهمابتكلموشعربي؟', 'xn--egbpdaj6bu4bxfgehfvwxn'), ('他们为什么不说中文', 'xn--ihqwcrb4cv8a8dqg056pqjye'),
  ('pročprostěnemluvíčesky', 'xn--proprostnemluvesky-uyb24dma41a'), ('3年b組金八先生', 'xn--3b-ww4c5e180e575a65lsy2b'),
  ('安室奈美恵-with-super-monkeys', 'xn---with-super-monkeys-pc58ag80a8qai00g7n9n'), (normalize('münchen.de', nfd), 'xn--mnchen-3ya.de'), ('', '')) as t (given, form);
select is(private.normalised_email('Jo+x@MÜNCHEN.de'), private.normalised_email('jo@xn--mnchen-3ya.de'), 'normalised_email: both forms of a domain → one mailbox');

select * from finish();
rollback;
