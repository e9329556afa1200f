package evidence

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/note"

	"tenure/tenancy/history"
)

// cosigned is a checkpoint with the cosignatures that it has, after witnesses were asked
// for those that it lacks.
func (x *Exporter) cosigned(ctx context.Context, last history.Checkpoint) (history.Checkpoint, error) {
	if x.Cosign != nil {
		there, err := x.Log.Cosigned(ctx, last)
		if err != nil {
			return last, err
		}
		x.Cosign(ctx, there)
	}
	return x.Log.Cosigned(ctx, last)
}

// witnessed checks that each witness that the caller demands has cosigned checkpoints/last.
func (v *verifier) witnessed(witnesses []note.Verifier) {
	for _, w := range witnesses {
		v.check(func() (string, error) {
			n, err := note.Open(v.last.Note, note.VerifierList(w))
			var unknown *note.UnverifiedNoteError
			if errors.As(err, &unknown) {
				return "", fmt.Errorf("%s: the witness %s has not cosigned it", fileLast, w.Name())
			}
			if err != nil {
				return "", fmt.Errorf("%s: the cosignature of the witness %s: %w", fileLast, w.Name(), err)
			}
			at, err := history.CosignedAt(n.Sigs[0])
			if err != nil {
				return "", fmt.Errorf("%s: the cosignature of the witness %s: %w", fileLast, w.Name(), err)
			}
			return fmt.Sprintf("the checkpoint of %d entries is cosigned by the witness %s, at %s", v.last.Size, w.Name(), at), nil
		})
	}
}
