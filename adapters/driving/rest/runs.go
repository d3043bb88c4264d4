package rest

import (
	"context"

	"carillon/adapters/driving/rest/internal/api"
	"carillon/core/extract"
)

// StartRun runs the letter extract now; the contract knows no other batch.
func (s *server) StartRun(ctx context.Context, _ api.StartRunParams) (api.StartRunRes, error) {
	run, err := s.Letters.RunLetters(ctx, s.cfg.Clock(), caller(ctx))
	if err != nil {
		return nil, err
	}
	out := runView(run)
	return &out, nil
}

// ListRuns lists runs of a batch.
func (s *server) ListRuns(ctx context.Context, params api.ListRunsParams) (api.ListRunsRes, error) {
	runs, err := s.Letters.Runs(ctx, caller(ctx), string(params.Batch), params.Limit.Value)
	if err != nil {
		return nil, err
	}
	out := &api.RunList{Runs: make([]api.Run, 0, len(runs))}
	for _, r := range runs {
		out.Runs = append(out.Runs, runView(r))
	}
	return out, nil
}

func runView(r extract.Run) api.Run {
	return api.Run{
		Batch: r.Batch, Run: r.Number, BusinessDate: r.BusinessDate, OpenedAt: stamp(r.OpenedAt),
		ClosedAt: maybe(r.ClosedAt), Letters: r.Letters, SHA256: text(r.Hash), By: r.By,
	}
}
