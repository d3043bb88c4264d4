package dispatch

// The provider words that a route may use: which adapter carries its messages.
const (
	ProviderSNS    = "sns"
	ProviderSES    = "ses"
	ProviderDialer = "dialer" // calls are pushed to a vendor
	ProviderFeed   = "feed"   // calls that a vendor leases
	ProviderKafka  = "kafka"  // letters, in runs of LTRPRT
)

// Dedupes reports whether whoever is behind a provider word knows a message by its id and takes it once, so that a call
// whose answer was lost may be repeated. Of a provider that is not known it is not.
func Dedupes(provider string) bool {
	switch provider {
	case ProviderDialer, ProviderFeed, ProviderKafka:
		return true
	}
	return false
}
