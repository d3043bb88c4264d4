// Package cloud is what the adapters of AWS share: how an account is reached, where its credentials come from, and
// the kind of each failure. An adapter declares what its own service answers as a [Table]; everything else is alike.
//
// The line between what was not made and what may have been is drawn at the connection: a request that never reached
// one (refused, no such host, no TLS, no time) is Unavailable; one that did and whose answer is missing is Ambiguous,
// because neither SNS nor SES takes an idempotency token. An answer with an error in it means that nothing was taken,
// a 500 InternalError too; only a gateway's 502 or 504 without a document of the service is Ambiguous.
package cloud

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	static "github.com/aws/aws-sdk-go-v2/credentials"

	"carillon/adapters/kit/secret"
	"carillon/core/fault"
)

// Account is how one account of AWS is reached. What is empty is left to the SDK's own settings.
type Account struct {
	// Region is the AWS region.
	Region string
	// Endpoint replaces the address of the service; an http or https URL.
	Endpoint string
	// CAFile holds certificates, in PEM, that are trusted instead of the system's.
	CAFile string
	// AccessKey and SecretKey are static credentials; both or none: the SDK's chain of credentials.
	AccessKey string
	// SecretKey belongs to AccessKey.
	SecretKey secret.Text
	// Connections are the connections kept open. Default 64.
	Connections int
}

const defaultConnections = 64

// Validate reports everything that is wrong with a, joined; each reason begins with the name of the service.
func (a Account) Validate(service string) error {
	var wrong []error
	refuse := func(is bool, reason string) {
		if is {
			wrong = append(wrong, errors.New(service+": "+reason))
		}
	}
	if a.Endpoint != "" {
		u, err := url.Parse(a.Endpoint)
		refuse(err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https", "the endpoint is not an http or https URL")
	}
	refuse(a.AccessKey == "" != a.SecretKey.Empty(), "access key and secret key are given together or not at all")
	refuse(a.Connections < 0, "connections must not be negative")
	return errors.Join(wrong...)
}

// Load reads the SDK's own settings (environment, shared files, instance roles) under those of a. It calls nobody.
// It fails as Misconfigured.
func (a Account) Load(ctx context.Context, service string) (aws.Config, error) {
	options, err := a.options()
	if err != nil {
		return aws.Config{}, fault.Wrap(fault.Misconfigured, "loading the settings of the AWS SDK", err)
	}
	loaded, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return aws.Config{}, fault.Wrap(fault.Misconfigured, "loading the settings of the AWS SDK", err)
	}
	if loaded.Region == "" {
		return aws.Config{}, fault.New(fault.Misconfigured, service+": no region, neither in the configuration nor in AWS_REGION")
	}
	loaded.Credentials = credentials{loaded.Credentials}
	return loaded, nil
}

func (a Account) options() ([]func(*config.LoadOptions) error, error) {
	options := []func(*config.LoadOptions) error{config.WithHTTPClient(a.client())}
	if a.Region != "" {
		options = append(options, config.WithRegion(a.Region))
	}
	if a.Endpoint != "" {
		options = append(options, config.WithBaseEndpoint(a.Endpoint))
	}
	if a.AccessKey != "" {
		options = append(options, config.WithCredentialsProvider(
			static.NewStaticCredentialsProvider(a.AccessKey, a.SecretKey.Reveal(), "")))
	}
	if a.CAFile != "" {
		pem, err := os.ReadFile(a.CAFile)
		if err != nil {
			return nil, fmt.Errorf("reading the trusted certificates: %w", err)
		}
		options = append(options, config.WithCustomCABundle(bytes.NewReader(pem)))
	}
	return options, nil
}

// How the connections are kept. The idle time is far below that of AWS's load balancers: a request written to a
// connection that the other side has just closed would be in doubt.
const (
	connectTimeout = 5 * time.Second
	idleTimeout    = 20 * time.Second
)

func (a Account) client() *awshttp.BuildableClient {
	connections := a.Connections
	if connections == 0 {
		connections = defaultConnections
	}
	kept := func(t *http.Transport) {
		t.MaxIdleConnsPerHost, t.MaxIdleConns = connections, connections
		t.IdleConnTimeout = idleTimeout
		t.TLSHandshakeTimeout = connectTimeout
	}
	return awshttp.NewBuildableClient().WithTransportOptions(kept).
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = connectTimeout })
}
