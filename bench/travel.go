package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"carillon/core/accept"
)

func travelName(o Options) string {
	return fmt.Sprintf("Carillon, accept to settled, %d slots", o.Slots)
}

func bareName(o Options) string { return fmt.Sprintf("bare SDK loop, %d at once", o.Slots) }

const idleName = "Carillon, idle: one contact at a time, accept to provider"

func travelSubjects(g *Gateway, gr *ground) []Subject {
	return []Subject{
		{Name: travelName(g.options), Base: bareName(g.options), Run: gr.travelled},
		{Name: bareName(g.options), Base: bareName(g.options), Run: gr.bareLoop},
		{Name: idleName, Steady: true, Run: gr.idle},
	}
}

// marked are requests of a type with one text each; the text holds the mark of its number.
func (g *Gateway) marked(n int, class, kind string) []accept.Request {
	requests := g.requests(n, false)
	for i := range requests {
		requests[i].Class, requests[i].Type = class, kind
		requests[i].Data["invoice"] = mark(i)
	}
	return requests
}

// host is a gateway process on a fresh database, with requests for it.
func (gr *ground) host(ctx context.Context, n int, class, kind string) (h *Host, requests [][]byte, err error) {
	if h, err = gr.openHost(ctx, document(gr.options.Slots)); err != nil {
		return nil, nil, err
	}
	if requests, err = wired(h.key, h.marked(n, class, kind)); err == nil {
		err = h.Start(ctx)
	}
	if err != nil {
		return nil, nil, errors.Join(err, h.Close())
	}
	return h, requests, nil
}

// travelled posts contacts and waits until every text has been taken and every message is settled.
func (gr *ground) travelled(ctx context.Context, rows int) (s Sample, err error) {
	h, requests, err := gr.host(ctx, rows, "BILL", "TEXT")
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	gr.double.expect(rows)
	var accepted time.Duration
	s, err = h.run(ctx, "travel", rows, func() error {
		began := time.Now()
		if _, err := poured(ctx, h.address, gr.options.Callers, requests); err != nil {
			return err
		}
		accepted = time.Since(began)
		return h.settled(ctx)
	})
	if err != nil {
		return s, err
	}
	var sent int
	const of = `select count(*) from evidence where provider = 'sns' and ref <> ''`
	if err := h.raw.QueryRow(ctx, of).Scan(&sent); err != nil {
		return s, err
	}
	if missing, twice := gr.double.missing(), gr.double.twice.Load(); sent != rows || missing > 0 || twice > 0 {
		return s, fmt.Errorf("%d of %d sent; %d missing, %d twice", sent, rows, missing, twice)
	}
	time.Sleep(1100 * time.Millisecond) // backends tell their statistics when they rest
	var commits int
	if err := h.raw.QueryRow(ctx, "select xact_commit from pg_stat_database where datname = current_database()").Scan(&commits); err != nil {
		return s, err
	}
	s.Note = fmt.Sprintf("accepted after %d %% of the time; %.1f messages per transaction; each text came once", 100*accepted/s.Took, float64(rows)/float64(commits))
	return s, nil
}

// settled waits until nothing waits any more.
func (h *Host) settled(ctx context.Context) error {
	for {
		var waits bool
		if err := h.raw.QueryRow(ctx, "select exists (select from due)").Scan(&waits); err != nil || !waits {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// bareLoop publishes the same texts with the SDK and nothing else, as many at once, over as many connections.
func (gr *ground) bareLoop(ctx context.Context, rows int) (Sample, error) {
	o := gr.options
	client := sns.New(sns.Options{
		Region: "us-east-1", BaseEndpoint: aws.String("http://" + gr.double.address()), Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider("bench", "bench", ""),
		HTTPClient: awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
			t.MaxIdleConnsPerHost, t.MaxIdleConns = o.Slots, o.Slots
		}),
	})
	gr.double.expect(rows)
	began, spent := time.Now(), clientCPU()
	err := workers(o.Slots, rows, func(i int) error {
		_, err := client.Publish(ctx, &sns.PublishInput{
			PhoneNumber: aws.String(phone(i)),
			Message:     aws.String(fmt.Sprintf("NORTH: $%d.%02d is due on December 15. %s Reply STOP to opt out.", 20+i%300, i%100, mark(i))),
			MessageAttributes: map[string]types.MessageAttributeValue{
				"AWS.SNS.SMS.SenderID": {DataType: aws.String("String"), StringValue: aws.String("NORTHFIELD")},
				"AWS.SNS.SMS.SMSType":  {DataType: aws.String("String"), StringValue: aws.String("Transactional")},
			},
		})
		return err
	})
	s := Sample{Rows: rows, Took: time.Since(began), ClientCPU: clientCPU() - spent}
	if err == nil && gr.double.missing() > 0 {
		err = errors.New("texts are missing")
	}
	return s, err
}

// idle posts one contact at a time and waits for its text.
func (gr *ground) idle(ctx context.Context, rows int) (s Sample, err error) {
	n := max(rows/40, 50)
	h, requests, err := gr.host(ctx, n, "BILL", "TEXT")
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	gr.double.expect(n)
	l, err := dial(ctx, h.address)
	if err != nil {
		return s, err
	}
	defer l.conn.Close()
	took := make([]time.Duration, n)
	s, err = h.run(ctx, "idle", n, func() error {
		for i := range n {
			began := time.Now()
			if err := l.post(requests[i]); err != nil {
				return err
			}
			for gr.double.when(i).IsZero() {
				if time.Since(began) > 10*time.Second {
					return errors.New("a text did not come")
				}
				time.Sleep(100 * time.Microsecond)
			}
			took[i] = gr.double.when(i).Sub(began)
			time.Sleep(10 * time.Millisecond)
		}
		return nil
	})
	took = took[n/10:] // the first ones open connections
	s.P50, s.P99 = quantiles(took)
	s.Note = fmt.Sprintf("p50 %s, p99 %s of %d", tenth(s.P50), tenth(s.P99), len(took))
	return s, err
}
