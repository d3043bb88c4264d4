package notify_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"carillon/adapters/simulators/notify"
)

func TestTextToSign(t *testing.T) {
	t.Parallel()
	e := notify.Envelope{
		Type: notify.TypeNotification, MessageID: "id", TopicArn: "arn", Message: "m", Timestamp: "now",
		Token: "tok", SubscribeURL: "url",
	}
	if got, want := e.TextToSign(), "Message\nm\nMessageId\nid\nTimestamp\nnow\nTopicArn\narn\nType\nNotification\n"; got != want {
		t.Errorf("got %q", got)
	}
	e.Subject = "s"
	if got := e.TextToSign(); !strings.Contains(got, "MessageId\nid\nSubject\ns\nTimestamp") {
		t.Errorf("got %q", got)
	}
	e.Type = notify.TypeConfirmation
	want := "Message\nm\nMessageId\nid\nSubscribeURL\nurl\nTimestamp\nnow\nToken\ntok\nTopicArn\narn\n" +
		"Type\nSubscriptionConfirmation\n"
	if got := e.TextToSign(); got != want {
		t.Errorf("got %q", got)
	}
}

func TestKeyFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := notify.NewSigner(filepath.Join(dir, "no", "key.pem"), 1024, "us-east-1", time.Now()); err == nil {
		t.Error("a folder that is missing was written to")
	}
	for name, text := range map[string]string{
		"empty": "", "bad key": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
		"bad certificate": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
	} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := notify.NewSigner(file, 1024, "us-east-1", time.Now()); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}
