module carillon/bench

go 1.26.0

replace carillon => ../

require (
	carillon v0.0.0-00010101000000-000000000000
	github.com/jackc/pgx/v5 v5.12.0
)
