package ses

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/google/uuid"

	"carillon/adapters/kit/cloud"
	"carillon/adapters/kit/secret"
	"carillon/core/fault"
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
	m := mailer(t, Config{}, endpoint)
	in := notice()
	sender := uuid.NewString() + "@example.com"
	in.Sender = map[string]string{"from": "Utility <" + sender + ">"}
	if _, err := m.Send(t.Context(), in); !fault.Is(err, fault.Misconfigured) {
		t.Fatalf("from an unverified sender: %v", err)
	}
	account := cloud.Account{Region: "us-east-1", Endpoint: endpoint, AccessKey: "AKIDTEST", SecretKey: secret.New("test")}
	loaded, err := account.Load(t.Context(), service)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sesv2.NewFromConfig(loaded).CreateEmailIdentity(t.Context(), &sesv2.CreateEmailIdentityInput{EmailIdentity: aws.String(sender)}); err != nil {
		t.Fatal(err)
	}
	receipt, err := m.Send(t.Context(), in)
	if err != nil || receipt.Ref == "" {
		t.Fatalf("receipt %q, %v", receipt.Ref, err)
	}
	if quota, err := m.Quota(t.Context()); err != nil {
		t.Errorf("quota %+v, %v", quota, err)
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
	kept, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var data struct {
		SES struct{ Message []map[string]any } `json:"ses"`
	}
	if err := json.Unmarshal(kept, &data); err != nil {
		t.Fatal(err)
	}
	for _, message := range data.SES.Message {
		if message["id"] == receipt.Ref {
			if message["subject"] != in.Subject || message["body"] == "" || !strings.Contains(fmt.Sprint(message["source"]), sender) {
				t.Errorf("moto keeps %v", message)
			}
			return
		}
	}
	t.Errorf("moto does not keep %s", receipt.Ref)
}
