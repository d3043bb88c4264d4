package extract_test

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"carillon/core/extract"
)

func TestDigest(t *testing.T) {
	t.Parallel()
	t.Run("of nothing is that of no bytes", func(t *testing.T) {
		t.Parallel()
		sum, n := extract.NewDigest().Sum()
		if sum != "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" || n != 0 {
			t.Errorf("%s, %d", sum, n)
		}
	})
	t.Run("is what sha256sum says of the records, one a line", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			records := rapid.SliceOf(rapid.StringN(0, 20, 80)).Draw(t, "records")
			d := extract.NewDigest()
			for _, r := range records {
				d.Add(r)
			}
			want := sha256.Sum256([]byte(strings.Join(append(records, ""), "\n")))
			sum, n := d.Sum()
			if len(records) > 0 && sum != hex.EncodeToString(want[:]) || n != int64(len(records)) {
				t.Fatalf("%s of %d, want %x of %d", sum, n, want, len(records))
			}
			if again, _ := d.Sum(); again != sum {
				t.Fatal("asking changes it")
			}
		})
	})
}
