package kafkaout

import (
	"os"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"carillon/channels/letter"
	"carillon/core/porttest"
)

// TestAgainstApacheKafka runs what the suite asks of a cluster in good health against a real one.
func TestAgainstApacheKafka(t *testing.T) {
	list := os.Getenv("TEST_KAFKA_BROKERS")
	switch {
	case list == "" && os.Getenv("CARILLON_REAL_PARTS") == "required":
		t.Fatal("CARILLON_REAL_PARTS=required and no TEST_KAFKA_BROKERS")
	case list == "":
		t.Skip("no TEST_KAFKA_BROKERS")
	}
	brokers := strings.Split(list, ",")
	for _, version := range []string{"2.8.0", "4.1.0"} {
		t.Run(version, func(t *testing.T) {
			porttest.Press(t, func(t *testing.T, s porttest.PressSettings) (letter.Press, func(*testing.T) map[string][]string) {
				t.Helper()
				name := "test-" + uuid.NewString()
				cfg := Config{
					Connection: Connection{Brokers: brokers, Version: version}, MaxMessageBytes: s.MaxRecord,
					Letters: name + ".letters", Manifests: name + ".manifests",
				}
				switch s.Behaviour {
				case porttest.IsUnreachable:
					cfg.Connection.Brokers = []string{unreachable(t)}
				case porttest.RefusesCredentials:
					t.Skip("the real cluster asks for no credentials")
				case porttest.IsSlow:
					t.Skip("the real cluster is not slow")
				default:
					topics(t, brokers, cfg.Letters, cfg.Manifests)
				}
				return press(t, cfg, dial(t, cfg)), func(t *testing.T) map[string][]string {
					t.Helper()
					got := map[string][]string{}
					for _, r := range read(t, brokers, cfg.Letters) {
						got[string(r.Key)] = append(got[string(r.Key)], string(r.Value))
					}
					return got
				}
			})
		})
	}
}

func topics(t *testing.T, brokers []string, names ...string) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	admin := kadm.NewClient(client)
	if _, err := admin.CreateTopics(t.Context(), 3, 1, nil, names...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = admin.DeleteTopics(t.Context(), names...) }) // best effort: the cluster is for tests
}
