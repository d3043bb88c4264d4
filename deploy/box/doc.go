// Command box packs the program into an OCI image without a Docker daemon, and its tests check what is shipped for
// containers: the image, the compose file, the Kubernetes objects.
//
//	go run -C deploy/box . -binary ../../bin/carillon -out ../../bin/carillon.oci.tar
//	go run -C deploy/box . -binary ../../bin/carillon -push registry.example/carillon:1.2.3
//
// The image is one layer: the static binary at /carillon, and the empty folders /data and /tmp. It holds no shell, no
// system and no certificates: the authorities of Mozilla and the time zones are in the binary. A site that trusts others
// names them by --kafka-ca-file, --sns-ca-file and so on, or mounts them under /etc/ssl/certs. It runs as user 65532. The
// same binary, revision and time give the same digest.
//
// It is a module of its own, because what it needs would be two hundred modules in the product's go.mod.
package main
