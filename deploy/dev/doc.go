// Command dev starts the real parts that the tests, the benchmarks and a developer need: PostgreSQL 18 and 15,
// Apache Kafka, the AWS stand-in moto, the tools kcat, promtool and a Python with boto3, and two API clients that are not ours.
//
//	go run ./deploy/dev up            install what is missing, start what does not run, write .dev/services.env
//	go run ./deploy/dev run -- CMD    the same around one command; stops what nobody else uses, keeps CMD's exit status
//	go run ./deploy/dev status        what runs, and where
//	go run ./deploy/dev env           the variables, as lines for eval
//	go run ./deploy/dev tool NAME     the path of kafka, kcat, promtool or python, got when missing; starts nothing
//	go run ./deploy/dev down          stop what up started, drop its data
//
// A part whose variable is set already (TEST_POSTGRES_URL, for one) is taken as given and not started: that is how
// servers of one's own, or the containers of deploy/compose, are used.
//
// Decisions that bind this program:
//
//   - Everything comes from package registries by name and pinned version, through their ordinary clients: PostgreSQL
//     18 and Kafka from Maven Central, moto from PyPI, the rest from Debian. As root, missing Debian packages are
//     installed. Otherwise their names are printed, and it is an error.
//   - Downloads are kept in $CARILLON_DEV_DIR/carillon-dev, or under $XDG_CACHE_HOME, ~/.cache, and for root
//     /var/cache: PostgreSQL refuses to run as root, and its own user must be able to reach the files.
//   - Ports are free ones, chosen at each start, on the loopback address: checkouts do not disturb each other.
//   - Data is thrown away at stop. fsync stays on, so that durability is tested, not assumed.
//   - A process is ended only by the id and start time recorded when it was started.
//   - The servers have no passwords. They listen on the loopback address only and hold test data only.
package main
