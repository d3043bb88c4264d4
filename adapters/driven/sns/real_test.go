package sns

import (
	"encoding/json"
	"net/http"
	"os"
	"testing"

	"github.com/google/uuid"
)

// TestAgainstMoto shows that a third party reads our requests as we mean them.
func TestAgainstMoto(t *testing.T) {
	endpoint := os.Getenv("TEST_AWS_ENDPOINT")
	switch {
	case endpoint == "" && os.Getenv("CARILLON_REAL_PARTS") == "required":
		t.Fatal("CARILLON_REAL_PARTS=required and no TEST_AWS_ENDPOINT")
	case endpoint == "":
		t.Skip("no TEST_AWS_ENDPOINT")
	}
	c := carrier(t, Config{MaxPrice: "0.50"}, endpoint)
	in := text()
	in.Body = "Carillon " + uuid.NewString() + " – café"
	receipt, err := c.Send(t.Context(), in)
	if err != nil || receipt.Ref == "" {
		t.Fatalf("receipt %q, %v", receipt.Ref, err)
	}
	if err := c.Probe(t.Context()); err != nil {
		t.Errorf("probe: %v", err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, endpoint+"/moto-api/data.json", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var data struct {
		SNS struct {
			SMS []struct {
				Message string `json:"message"`
				ID      string `json:"message_id"`
				Number  string `json:"phone_number"`
			}
		} `json:"sns"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&data); err != nil {
		t.Fatal(err)
	}
	for _, kept := range data.SNS.SMS {
		if kept.ID == receipt.Ref {
			if kept.Message != in.Body || kept.Number != in.To.Reveal() {
				t.Errorf("moto keeps %+v", kept)
			}
			return
		}
	}
	t.Errorf("moto does not keep %s", receipt.Ref)
}
