package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

const (
	kafkaVersion = "4.3.0" // the pom says the same
	javaVersion  = 17      // what its brokers need at least
)

//go:embed kafka-pom.xml
var kafkaPom []byte

// kafka is one Apache Kafka process, broker and controller in one (KRaft).
type kafka struct{ site *site }

func (k kafka) Name() string     { return "kafka" }
func (k kafka) Variable() string { return "TEST_KAFKA_BROKERS" }
func (k kafka) Needs() []need {
	return []need{
		{"default-jre-headless", has("java")},
		{"maven", complete(k.folder()) || has("mvn")},
		{"kcat", os.Getenv("TEST_KCAT") != "" || has("kcat")},
	}
}

// folder holds the jars.
func (k kafka) folder() string { return filepath.Join(k.site.cache, "kafka-"+kafkaVersion) }

// Open formats an empty store and starts the broker on free ports.
func (k kafka) Open(ctx context.Context) (record, error) {
	if err := k.install(ctx); err != nil {
		return record{}, err
	}
	return again(func() (record, error) { return k.serve(ctx) })
}

// install brings the jars when they are missing.
func (k kafka) install(ctx context.Context) error {
	if err := javaFit(ctx); err != nil {
		return err
	}
	return k.site.once(ctx, k.folder(), func(dir string) error {
		pom := filepath.Join(dir, "pom.xml")
		if err := os.WriteFile(pom, kafkaPom, 0o600); err != nil {
			return fmt.Errorf("writing the pom: %w", err)
		}
		return maven(ctx, dir, "-f", pom, "dependency:copy-dependencies", "-DoutputDirectory="+filepath.Join(dir, "libs"))
	})
}

// serve starts the broker; kcat, a client that is not ours, tells when it is in its own metadata.
func (k kafka) serve(ctx context.Context) (record, error) {
	data, err := k.site.data("kafka")
	if err != nil {
		return record{}, err
	}
	broker, errBroker := freePort(ctx)
	controller, errController := freePort(ctx)
	if err := errors.Join(errBroker, errController); err != nil {
		return record{}, err
	}
	properties := filepath.Join(data, "server.properties")
	if err := os.WriteFile(properties, []byte(k.properties(broker, controller, data)), 0o600); err != nil {
		return record{}, fmt.Errorf("writing the settings: %w", err)
	}
	uuid, err := k.java("kafka.tools.StorageTool", "random-uuid").output(ctx)
	if err != nil {
		return record{}, err
	}
	words := strings.Fields(uuid)
	if len(words) == 0 {
		return record{}, errors.New("the storage tool printed no cluster id")
	}
	if _, err := k.java("kafka.tools.StorageTool", "format", "-t", words[len(words)-1], "-c", properties).output(ctx); err != nil {
		return record{}, err
	}
	address := fmt.Sprintf("127.0.0.1:%d", broker)
	ask := program{path: kcat{}.path(), args: []string{"-L", "-b", address, "-m", "2"}}
	r, err := k.java("kafka.Kafka", properties).launch(ctx, k.site.log("kafka"), func(ctx context.Context) error {
		if err := reach(ctx, address); err != nil {
			return err
		}
		answer, err := ask.output(ctx)
		if err == nil && !strings.Contains(answer, " 1 brokers:") {
			err = errors.New("the broker is not in its own metadata yet")
		}
		return err
	})
	r.Value = address
	return r, err
}

// java is one of Kafka's own programs. The compiler's first stage starts twice as fast and is fast enough.
func (k kafka) java(class string, args ...string) program {
	flags := []string{
		"-Xms128m", "-Xmx512m", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
		"-cp", filepath.Join(k.folder(), "libs", "*"), class,
	}
	return program{path: "java", args: append(flags, args...)}
}

// properties are the broker's settings: one node, so every replication factor is 1.
func (k kafka) properties(broker, controller int, data string) string {
	return strings.NewReplacer("BROKER", fmt.Sprintf("127.0.0.1:%d", broker),
		"CONTROLLER_AT", fmt.Sprintf("127.0.0.1:%d", controller), "DATA", filepath.Join(data, "log")).Replace(`
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@CONTROLLER_AT
listeners=PLAINTEXT://BROKER,CONTROLLER://CONTROLLER_AT
advertised.listeners=PLAINTEXT://BROKER
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=DATA
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
`)
}

// javaFit refuses a Java that is too old, by name, instead of by a stack trace.
func javaFit(ctx context.Context) error {
	text, err := program{path: "java", args: []string{"-version"}}.output(ctx)
	if err != nil {
		return err
	}
	found := regexp.MustCompile(`version "(\d+)`).FindStringSubmatch(text)
	if found == nil {
		return nil // another vendor's wording: Kafka itself will say
	}
	if major, err := strconv.Atoi(found[1]); err == nil && major < javaVersion {
		return fmt.Errorf("java %d is too old: Kafka needs %d or newer", major, javaVersion)
	}
	return nil
}
