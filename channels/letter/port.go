package letter

import (
	"context"

	"carillon/core/extract"
)

// Press takes frozen letters and manifests to the document management system. It dedupes by letter id, so a letter
// may be handed over again.
type Press interface {
	// Print hands letters over in order and returns one error per letter, nil when it was taken: Refused (too
	// large), Unavailable, Ambiguous, Misconfigured. Letters of one key stay in order.
	Print(ctx context.Context, letters []extract.Letter) []error
	// Close hands over the manifest of a finished run.
	Close(ctx context.Context, m extract.Manifest) error
}
