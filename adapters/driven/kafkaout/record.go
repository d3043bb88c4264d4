package kafkaout

import (
	"time"

	"github.com/IBM/sarama"
)

// event is what CloudEvents says of a record.
type event struct {
	id      string
	kind    string
	at      time.Time // left out when zero
	subject string    // left out when empty
}

// record writes a record in CloudEvents' binary mode. The same letter has the same headers whenever it is written.
func (c Config) record(topic, key, value string, e event) *sarama.ProducerMessage {
	headers := []sarama.RecordHeader{
		header("ce_specversion", "1.0"),
		header("ce_id", e.id),
		header("ce_type", e.kind),
		header("ce_source", c.Source),
	}
	if !e.at.IsZero() {
		headers = append(headers, header("ce_time", e.at.UTC().Format(time.RFC3339Nano)))
	}
	if e.subject != "" {
		headers = append(headers, header("ce_subject", e.subject))
	}
	headers = append(headers, header("content-type", "application/json"))
	return &sarama.ProducerMessage{
		Topic: topic, Key: sarama.StringEncoder(key), Value: sarama.StringEncoder(value), Headers: headers,
	}
}

func header(name, value string) sarama.RecordHeader {
	return sarama.RecordHeader{Key: []byte(name), Value: []byte(value)}
}

// keyOf is what a record is ordered by.
func keyOf(m *sarama.ProducerMessage) string {
	key, _ := m.Key.(sarama.StringEncoder)
	return string(key)
}

// waves sorts records so that no wave holds two of one key: the first of each key, then the second, and so on.
func waves(records []*sarama.ProducerMessage) [][]int {
	var sorted [][]int
	seen := map[string]int{}
	for i, r := range records {
		n := seen[keyOf(r)]
		seen[keyOf(r)]++
		if n == len(sorted) {
			sorted = append(sorted, nil)
		}
		sorted[n] = append(sorted[n], i)
	}
	return sorted
}
