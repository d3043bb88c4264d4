package hooks_test

import (
	"encoding/json"
	"io/fs"
	"strconv"
	"testing"

	"carillon/adapters/driving/hooks"
	"carillon/contracts"
	"carillon/core/message"
)

// TestExample replays the recorded notification, signed with a key of the test's own.
func TestExample(t *testing.T) {
	text, err := fs.ReadFile(contracts.Examples(), "examples/rest/receiveNotification.request.json")
	if err != nil {
		t.Fatal(err)
	}
	var e struct {
		Path string
		Body notice
	}
	if err := json.Unmarshal(text, &e); err != nil {
		t.Fatal(err)
	}
	p, h := snsCertificate(t), &house{}
	w := post(t, open(t, h, p, nil), e.Body.sign(t, p))
	if e.Path != hooks.Path || len(h.received) != 1 || h.received[0].Says != message.SaysDelivered || h.received[0].Message != id(t) {
		t.Errorf("%s reports %+v", e.Path, h.received)
	}
	if _, err := fs.Stat(contracts.Examples(), "examples/rest/receiveNotification.response."+strconv.Itoa(w.Code)+".json"); err != nil {
		t.Errorf("got %d: %v", w.Code, err)
	}
}
