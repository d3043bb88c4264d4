package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "box:", err)
		os.Exit(1)
	}
}

// run packs, writes and pushes what the flags say, and prints the digest.
func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("box", flag.ContinueOnError)
	binary := flags.String("binary", "", "the static `file` to pack")
	archive := flags.String("out", "", "`file` to write: an OCI archive")
	push := flags.String("push", "", "`reference` to push to, with the credentials of docker login")
	tag := flags.String("tag", "carillon:latest", "`name` that docker load gives it")
	var made Made
	flags.StringVar(&made.Version, "version", "dev", "version for the labels")
	flags.StringVar(&made.Revision, "revision", "", "revision of the source for the labels")
	created := flags.String("created", "1970-01-01T00:00:00Z", "`time` of the revision, RFC 3339: the time of the build would give each build another digest")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *binary == "" || *archive == "" && *push == "" {
		return errors.New("-binary, and -out or -push, are needed")
	}
	var err error
	if made.At, err = time.Parse(time.RFC3339, *created); err != nil {
		return fmt.Errorf("-created: %w", err)
	}
	image, err := Image(*binary, made)
	if err != nil {
		return err
	}
	digest, err := image.Digest()
	if err != nil {
		return err
	}
	if *archive != "" {
		if err := WriteArchive(*archive, image, *tag); err != nil {
			return err
		}
	}
	if *push != "" {
		to, err := name.ParseReference(*push)
		if err != nil {
			return err
		}
		if err := remote.Write(to, image, remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain)); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintln(out, strings.TrimSpace(digest.String()+" "+*archive+" "+*push))
	return err
}
