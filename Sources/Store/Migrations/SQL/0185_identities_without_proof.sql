-- Decided nothing any more: a reset removes every link to an account elsewhere, proven or not.
alter table sign_in_identities drop column is_proven;
