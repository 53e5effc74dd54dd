"""What providers and recipients send in: SMS keywords, bounces, complaints."""
