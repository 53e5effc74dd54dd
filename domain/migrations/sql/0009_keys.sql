-- What a credential may do, and from where.
SELECT 1;
