package cloud

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"carillon/adapters/kit/secret"
	"carillon/core/fault"
)

// answered is an error as the SDK makes it of an answer.
func answered(status int, code string) error {
	return &awshttp.ResponseError{ResponseError: &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}},
		Err:      &smithy.GenericAPIError{Code: code, Message: "about ada@example.com"},
	}}
}

func table() Table {
	return Table{Call: "call", Unasked: []string{"NotThis"}, KindOf: func(code, _ string) fault.Kind {
		if code == "Own" {
			return fault.Refused
		}
		return fault.Unknown
	}}
}

func TestClassify(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		err    error
		handed bool
		want   fault.Kind
		code   string
	}{
		{"a code of the service is its own", answered(500, "Own"), true, fault.Refused, "Own"},
		{"a code that all share", answered(400, "SlowDown"), true, fault.Throttled, "SlowDown"},
		{"a code of nobody falls to the status", answered(429, "Unheard"), true, fault.Throttled, "429"},
		{"a gateway's answer is ambiguous", answered(502, "Unheard"), true, fault.Ambiguous, "502"},
		{"a code of nobody without a status", &smithy.GenericAPIError{Code: "ada@example.com"}, true, fault.Unknown, "unlisted"},
		{"no connection", io.EOF, false, fault.Unavailable, ""},
		{"no answer", io.EOF, true, fault.Ambiguous, ""},
		{"given up before", context.Canceled, false, fault.Cancelled, fault.CodeNotBegun},
		{"given up after", context.Canceled, true, fault.Cancelled, ""},
		{"no credentials", &credentialsError{errors.New("none")}, true, fault.Misconfigured, ""},
		{"credentials refused", &credentialsError{answered(403, "AccessDenied")}, true, fault.Misconfigured, ""},
		{"credentials late", &credentialsError{context.DeadlineExceeded}, true, fault.Unavailable, ""},
		{"credentials down", &credentialsError{answered(503, "Unheard")}, true, fault.Unavailable, ""},
		{"credentials throttled", &credentialsError{answered(429, "Unheard")}, true, fault.Unavailable, ""},
		{"credentials given up", &credentialsError{context.Canceled}, true, fault.Cancelled, fault.CodeNotBegun},
	} {
		err := table().Classify(&smithy.OperationError{ServiceID: "S", OperationName: "O", Err: c.err}, c.handed)
		if !fault.Is(err, c.want) || fault.CodeOf(err) != cmp.Or(c.code, c.want.String()) {
			t.Errorf("%s: %v, code %q; want %v, %q", c.name, err, fault.CodeOf(err), c.want, c.code)
		}
		if strings.Contains(err.Error(), "ada@") {
			t.Errorf("%s: the fault tells the address: %v", c.name, err)
		}
	}
}

func TestProbeIsAnswered(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]bool{
		nil:                           true,
		answered(403, "AccessDenied"): true,
		answered(400, "NotThis"):      true,
		answered(404, "Unheard"):      true,
		answered(500, "Own"):          false,
		io.EOF:                        false,
		&credentialsError{answered(403, "AccessDenied")}: false,
	} {
		if got := table().Answered(err); got != want {
			t.Errorf("%v: answered %v, want %v", err, got, want)
		}
	}
}

type broke struct{}

func (broke) Retrieve(context.Context) (aws.Credentials, error) {
	return aws.Credentials{}, errors.New("none")
}

func TestLoad(t *testing.T) {
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_DEFAULT_REGION", "")
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	if _, err := (Account{}).Load(t.Context(), "sns"); !fault.Is(err, fault.Misconfigured) || !strings.Contains(err.Error(), "sns: no region") {
		t.Errorf("without a region: %v", err)
	}
	if _, err := (Account{Region: "eu-west-1", CAFile: filepath.Join(t.TempDir(), "none")}).Load(t.Context(), "sns"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without the file of certificates: %v", err)
	}
	loaded, err := Account{Region: "eu-west-1", AccessKey: "AKID", SecretKey: secret.New("hush")}.Load(t.Context(), "sns")
	if err != nil || loaded.Region != "eu-west-1" {
		t.Fatal(loaded.Region, err)
	}
	if got, err := loaded.Credentials.Retrieve(t.Context()); err != nil || got.AccessKeyID != "AKID" {
		t.Errorf("credentials %q, %v", got.AccessKeyID, err)
	}
	if _, err := (credentials{broke{}}).Retrieve(t.Context()); table().Answered(err) || !fault.Is(table().Classify(err, true), fault.Misconfigured) {
		t.Errorf("credentials that fail: %v", err)
	}
}

func TestValidateNamesEverythingWrong(t *testing.T) {
	t.Parallel()
	err := Account{Endpoint: "somewhere", AccessKey: "a", Connections: -1}.Validate("ses")
	for _, want := range []string{"ses: the endpoint", "ses: access key and secret key", "ses: connections"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	if err := (Account{}).Validate("ses"); err != nil {
		t.Error(err)
	}
}
