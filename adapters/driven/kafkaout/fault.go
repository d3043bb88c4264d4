package kafkaout

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strconv"
	"strings"

	"github.com/IBM/sarama"

	"carillon/core/fault"
)

// classify gives an error of the client its kind. What a broker says of an attempt to connect stands inside sarama's
// "out of brokers", so the codes come first.
func classify(err error) error {
	if code, known := codeOf(err); known {
		return coded(code, err)
	}
	return fault.Wrap(kindOfClient(err), "hand over", err)
}

// unconnected is classify for a producer that could not be made: nothing was handed over, so nothing is in doubt.
func unconnected(err error) error {
	told := classify(err)
	if fault.Is(told, fault.Ambiguous) {
		return fault.Wrap(fault.Unavailable, "connecting", err)
	}
	return told
}

// lastCode is the highest code that the client names.
const lastCode = sarama.ErrInvalidUpdateVersion //nolint:errname // a bound, not a sentinel

// codeOf is the code of the protocol in err. What the client wraps as a sentinel is found by errors.Is only.
func codeOf(err error) (sarama.KError, bool) {
	if code, known := errors.AsType[sarama.KError](err); known {
		return code, true
	}
	for code := sarama.ErrUnknown; code <= lastCode; code++ {
		if code != sarama.ErrNoError && errors.Is(err, code) {
			return code, true
		}
	}
	return 0, false
}

// coded is the fault of a code of the protocol; its name is the protocol's own.
func coded(code sarama.KError, err error) error {
	kind, name := kindOf(code)
	if name == "" {
		name = strconv.Itoa(int(code))
	}
	return fault.Provider(kind, name, "hand over", err)
}

// kindOf is the table of codes.
func kindOf(code sarama.KError) (fault.Kind, string) {
	switch code {
	case sarama.ErrMessageSizeTooLarge:
		return fault.Refused, "MESSAGE_TOO_LARGE"
	case sarama.ErrMessageSetSizeTooLarge:
		return fault.Refused, "RECORD_LIST_TOO_LARGE"
	case sarama.ErrInvalidRecord:
		return fault.Refused, "INVALID_RECORD"
	case sarama.ErrThrottlingQuotaExceeded:
		return fault.Throttled, "THROTTLING_QUOTA_EXCEEDED"
	case sarama.ErrUnknown:
		return fault.Ambiguous, "UNKNOWN_SERVER_ERROR"
	case sarama.ErrRequestTimedOut:
		return fault.Ambiguous, "REQUEST_TIMED_OUT"
	case sarama.ErrNetworkException:
		return fault.Ambiguous, "NETWORK_EXCEPTION"
	case sarama.ErrNotEnoughReplicasAfterAppend:
		return fault.Ambiguous, "NOT_ENOUGH_REPLICAS_AFTER_APPEND"
	default:
		return kindOfMany(code)
	}
}

// kindOfMany is kindOf of the codes that many share a kind with.
func kindOfMany(code sarama.KError) (fault.Kind, string) {
	if name, known := misconfigured(code); known {
		return fault.Misconfigured, name
	}
	if name, known := unavailable(code); known {
		return fault.Unavailable, name
	}
	return fault.Unknown, ""
}

// misconfigured are the codes that a person must do something about.
func misconfigured(code sarama.KError) (string, bool) {
	name, known := map[sarama.KError]string{
		sarama.ErrUnknownTopicOrPartition:     "UNKNOWN_TOPIC_OR_PARTITION", // after the client's own retries
		sarama.ErrInvalidTopic:                "INVALID_TOPIC_EXCEPTION",
		sarama.ErrInvalidRequiredAcks:         "INVALID_REQUIRED_ACKS",
		sarama.ErrTopicAuthorizationFailed:    "TOPIC_AUTHORIZATION_FAILED",
		sarama.ErrClusterAuthorizationFailed:  "CLUSTER_AUTHORIZATION_FAILED",
		sarama.ErrInvalidTimestamp:            "INVALID_TIMESTAMP",
		sarama.ErrUnsupportedSASLMechanism:    "UNSUPPORTED_SASL_MECHANISM",
		sarama.ErrIllegalSASLState:            "ILLEGAL_SASL_STATE",
		sarama.ErrUnsupportedVersion:          "UNSUPPORTED_VERSION",
		sarama.ErrInvalidConfig:               "INVALID_CONFIG",
		sarama.ErrUnsupportedForMessageFormat: "UNSUPPORTED_FOR_MESSAGE_FORMAT",
		sarama.ErrPolicyViolation:             "POLICY_VIOLATION",
		sarama.ErrSecurityDisabled:            "SECURITY_DISABLED",
		sarama.ErrSASLAuthenticationFailed:    "SASL_AUTHENTICATION_FAILED",
		sarama.ErrUnsupportedCompressionType:  "UNSUPPORTED_COMPRESSION_TYPE",
	}[code]
	return name, known
}

// unavailable are the codes of a cluster that is busy with itself, and those that end a producer's session.
func unavailable(code sarama.KError) (string, bool) {
	if name, known := sessionEnds(code); known {
		return name, true
	}
	name, known := map[sarama.KError]string{
		sarama.ErrInvalidMessage:                  "CORRUPT_MESSAGE", // broken on the way
		sarama.ErrLeaderNotAvailable:              "LEADER_NOT_AVAILABLE",
		sarama.ErrNotLeaderForPartition:           "NOT_LEADER_OR_FOLLOWER",
		sarama.ErrBrokerNotAvailable:              "BROKER_NOT_AVAILABLE",
		sarama.ErrReplicaNotAvailable:             "REPLICA_NOT_AVAILABLE",
		sarama.ErrOffsetsLoadInProgress:           "COORDINATOR_LOAD_IN_PROGRESS",
		sarama.ErrConsumerCoordinatorNotAvailable: "COORDINATOR_NOT_AVAILABLE",
		sarama.ErrNotCoordinatorForConsumer:       "NOT_COORDINATOR",
		sarama.ErrNotEnoughReplicas:               "NOT_ENOUGH_REPLICAS",
		sarama.ErrNotController:                   "NOT_CONTROLLER",
		sarama.ErrKafkaStorageError:               "KAFKA_STORAGE_ERROR",
		sarama.ErrLogDirNotFound:                  "LOG_DIR_NOT_FOUND",
		sarama.ErrFencedLeaderEpoch:               "FENCED_LEADER_EPOCH",
		sarama.ErrUnknownLeaderEpoch:              "UNKNOWN_LEADER_EPOCH",
		sarama.ErrPreferredLeaderNotAvailable:     "PREFERRED_LEADER_NOT_AVAILABLE",
		sarama.ErrEligibleLeadersNotAvailable:     "ELIGIBLE_LEADERS_NOT_AVAILABLE",
	}[code]
	return name, known
}

// sessionEnds are the codes after which a producer can take nothing more: another one must be made.
func sessionEnds(code sarama.KError) (string, bool) {
	switch code {
	case sarama.ErrOutOfOrderSequenceNumber:
		return "OUT_OF_ORDER_SEQUENCE_NUMBER", true
	case sarama.ErrUnknownProducerID:
		return "UNKNOWN_PRODUCER_ID", true
	case sarama.ErrInvalidProducerEpoch:
		return "INVALID_PRODUCER_EPOCH", true
	case sarama.ErrInvalidProducerIDMapping:
		return "INVALID_PRODUCER_ID_MAPPING", true
	case sarama.ErrProducerFenced:
		return "PRODUCER_FENCED", true
	default:
		return "", false
	}
}

// endsSession reports whether the producer that failed with err is of no more use.
func endsSession(err error) bool {
	if code, known := codeOf(err); known {
		_, ends := sessionEnds(code)
		return ends
	}
	return errors.Is(err, sarama.ErrClosedClient) || errors.Is(err, sarama.ErrShuttingDown)
}

// kindOfClient is what an error says that holds no code of the protocol.
func kindOfClient(err error) fault.Kind {
	var (
		wrong    sarama.ConfigurationError
		encoding sarama.PacketEncodingError
		cert     *tls.CertificateVerificationError
		dial     *net.OpError
		dns      *net.DNSError
	)
	switch {
	case errors.As(err, &wrong) && strings.Contains(string(wrong), "message larger"), errors.As(err, &encoding):
		return fault.Refused
	case errors.As(err, &wrong), errors.As(err, &cert), errors.Is(err, sarama.ErrUnknownScramMechanism):
		return fault.Misconfigured
	case errors.Is(err, context.Canceled):
		return fault.Cancelled
	case errors.Is(err, sarama.ErrOutOfBrokers), errors.Is(err, sarama.ErrNotConnected),
		errors.Is(err, sarama.ErrClosedClient), errors.Is(err, sarama.ErrShuttingDown),
		errors.Is(err, sarama.ErrBrokerNotFound), errors.Is(err, sarama.ErrControllerNotAvailable),
		errors.Is(err, sarama.ErrProducerRetryBufferOverflow), errors.Is(err, sarama.ErrNoTopicsToUpdateMetadata),
		errors.As(err, &dns), errors.As(err, &dial) && dial.Op == "dial",
		err.Error() == "circuit breaker is open": // the client's own, around the search for a leader
		return fault.Unavailable
	}
	return fault.Ambiguous // the connection was lost, or the answer cannot be read
}
