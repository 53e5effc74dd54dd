-- What providers and recipients send in: keywords, bounces, complaints.
SELECT 1;
