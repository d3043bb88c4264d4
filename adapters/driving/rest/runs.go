package rest

import (
	"cmp"
	"context"
	"maps"

	"carillon/adapters/driving/rest/internal/api"
	"carillon/core/batch"
	"carillon/core/command"
	"carillon/core/control"
	"carillon/core/extract"
)

// ListBatches lists every batch.
func (s *server) ListBatches(ctx context.Context) (api.ListBatchesRes, error) {
	now := s.cfg.Clock()
	cards, err := s.Runs.Batches(ctx, now, caller(ctx))
	if err != nil {
		return nil, err
	}
	out := &api.BatchList{Batches: make([]api.Batch, 0, len(cards))}
	for _, c := range cards {
		view := cardView(c)
		view.LateSeconds = c.Plan.Late(now).Seconds()
		out.Batches = append(out.Batches, view)
	}
	return out, nil
}

// StartRun asks for a run; the letter extract has run when it answers.
func (s *server) StartRun(ctx context.Context, req api.OptRunRequest, params api.StartRunParams) (api.StartRunRes, error) {
	ask := batch.Ask{
		BusinessDate: req.Value.BusinessDate.Value, Parameters: req.Value.Parameters.Value, Threads: req.Value.Threads.Value,
	}
	if t := req.Value.Threads; t.Set && t.Value == 0 {
		ask.Threads = -1 // none at all is not what the Batch Control says
	}
	v, err := s.Runs.Start(ctx, s.cfg.Clock(), caller(ctx), params.Batch, ask)
	if err != nil {
		return nil, err
	}
	shown, err := s.runViews(ctx, params.Batch, []control.View{v})
	if err != nil {
		return nil, err
	}
	if params.Batch == extract.LTRPRT {
		out := api.StartRunOK(shown[0])
		return &out, nil
	}
	out := api.StartRunAccepted(shown[0])
	return &out, nil
}

// ListRuns lists runs of a batch.
func (s *server) ListRuns(ctx context.Context, params api.ListRunsParams) (api.ListRunsRes, error) {
	views, err := s.Runs.Runs(ctx, caller(ctx), params.Batch, params.Below.Value, params.Limit.Value)
	if err != nil {
		return nil, err
	}
	shown, err := s.runViews(ctx, params.Batch, views)
	return &api.RunList{Runs: shown}, err
}

// GetRun shows a run with its threads and errors.
func (s *server) GetRun(ctx context.Context, params api.GetRunParams) (api.GetRunRes, error) {
	v, wrong, err := s.Runs.Run(ctx, caller(ctx), params.Batch, params.Run)
	if err != nil {
		return nil, err
	}
	shown, err := s.runViews(ctx, params.Batch, []control.View{v})
	if err != nil {
		return nil, err
	}
	out := &api.RunDetail{Run: shown[0], Threads: make([]api.RunThread, 0, len(v.Threads)), Errors: make([]api.RunError, 0, len(wrong))}
	for _, t := range v.Threads {
		out.Threads = append(out.Threads, threadView(t))
	}
	for _, e := range wrong {
		out.Errors = append(out.Errors, api.RunError{Key: e.Key, Thread: e.Thread, Instance: e.Instance, Code: e.Code, Text: e.Text, At: stamp(e.At)})
	}
	return out, nil
}

// RestartRun lets the failed threads of a run go on.
func (s *server) RestartRun(ctx context.Context, params api.RestartRunParams) (api.RestartRunRes, error) {
	v, err := s.RunOrders.Restart(ctx, s.cfg.Clock(), caller(ctx), params.Batch, params.Run)
	if err != nil {
		return nil, err
	}
	out := runView(v)
	return &out, nil
}

// CancelRun ends a run.
func (s *server) CancelRun(ctx context.Context, params api.CancelRunParams) (api.CancelRunRes, error) {
	v, err := s.RunOrders.Cancel(ctx, s.cfg.Clock(), caller(ctx), params.Batch, params.Run)
	if err != nil {
		return nil, err
	}
	out := runView(v)
	return &out, nil
}

// Rerun asks for a run again.
func (s *server) Rerun(ctx context.Context, params api.RerunParams) (api.RerunRes, error) {
	v, err := s.RunOrders.Rerun(ctx, s.cfg.Clock(), caller(ctx), params.Batch, params.Run)
	if err != nil {
		return nil, err
	}
	out := runView(v)
	return &out, nil
}

// PauseBatch keeps the schedule from starting a batch.
func (s *server) PauseBatch(ctx context.Context, req *api.ReasonRequest, params api.PauseBatchParams) (api.PauseBatchRes, error) {
	return &api.PauseBatchNoContent{}, s.RunOrders.Pause(ctx, s.cfg.Clock(), caller(ctx), params.Batch, true, req.Reason)
}

// ResumeBatch lets the schedule start a batch again.
func (s *server) ResumeBatch(ctx context.Context, req *api.ReasonRequest, params api.ResumeBatchParams) (api.ResumeBatchRes, error) {
	return &api.ResumeBatchNoContent{}, s.RunOrders.Pause(ctx, s.cfg.Clock(), caller(ctx), params.Batch, false, req.Reason)
}

// runViews shows runs; those of the letter extract with their letters.
func (s *server) runViews(ctx context.Context, code string, views []control.View) ([]api.Run, error) {
	out := make([]api.Run, 0, len(views))
	for _, v := range views {
		out = append(out, runView(v))
	}
	if code != extract.LTRPRT || len(views) == 0 {
		return out, nil
	}
	letters, err := s.Letters.Extracts(ctx, views[0].Run.Number+1, len(views))
	if err != nil {
		return nil, err
	}
	of := make(map[int64]extract.Run, len(letters))
	for _, r := range letters {
		of[r.Number] = r
	}
	for i := range out {
		if r, known := of[out[i].Run]; known {
			out[i].Letters, out[i].SHA256, out[i].ClosedAt = r.Letters, text(r.Hash), maybe(r.ClosedAt)
		}
	}
	return out, nil
}

func runView(v control.View) api.Run {
	r := v.Run
	found, done, wrong := v.Sums()
	out := api.Run{
		Batch: r.Batch, Run: r.Number, BusinessDate: r.BusinessDate, OpenedAt: stamp(r.AskedAt), ClosedAt: maybe(r.EndedAt), By: r.By,
		State: api.NewOptBatchState(api.BatchState(r.State.String())), Parameters: parametersView(r.Parameters), Threads: api.NewOptInt(r.Threads),
		Found: api.NewOptInt64(found), Done: api.NewOptInt64(done), Errors: api.NewOptInt64(wrong), Reason: text(r.Reason),
		DueAt: maybe(r.DueAt), StartedAt: maybe(r.StartedAt),
	}
	if r.Rerun != 0 {
		out.RerunOf = api.NewOptInt64(r.Rerun)
	}
	return out
}

func parametersView(p map[string]string) api.OptBatchParameters {
	if len(p) == 0 {
		return api.OptBatchParameters{}
	}
	return api.NewOptBatchParameters(maps.Clone(p))
}

func threadView(t control.Thread) api.RunThread {
	out := api.RunThread{
		Thread: t.Thread, Instance: t.Instance, State: api.BatchState(t.State.String()), After: text(t.After), Until: text(t.Until), At: text(t.At),
		Found: t.Rows, Done: t.Done, Errors: t.Errors, Owner: text(t.Owner), StartedAt: maybe(t.StartedAt), EndedAt: maybe(t.EndedAt),
		Reason: text(t.Reason),
	}
	if t.State == control.Running {
		out.LeaseUntil = maybe(t.Lease)
	}
	return out
}

func cardView(c batch.Card) api.Batch {
	pause := c.Standing.Pause
	out := api.Batch{
		Batch: c.Code, Description: cmp.Or(c.Control.Description, c.Tells), Threads: max(c.Control.Threads, 1),
		Parameters: maps.Clone(c.Control.Parameters), Takes: takes(c.Accepts()), Schedule: text(c.Control.Schedule),
		Paused: pause.Paused || c.Control.Paused, PausedBy: text(pause.By), PauseReason: text(pause.Reason), PausedAt: maybe(pause.At),
		NextAt: maybe(c.Plan.Next), SucceededAt: maybe(c.Standing.SuccessAt),
	}
	if out.Parameters == nil {
		out.Parameters = api.BatchParameters{}
	}
	if c.Control.Schedule != "" {
		out.CatchUp = api.NewOptBatchCatchUp(api.BatchCatchUp(cmp.Or(c.Control.CatchUp, batch.CatchUpOnce)))
	}
	if c.Standing.Last.Number != 0 {
		last := runView(control.View{Run: c.Standing.Last})
		last.Found, last.Done, last.Errors = api.OptInt64{}, api.OptInt64{}, api.OptInt64{}
		out.Last = api.NewOptRun(last)
	}
	return out
}

func takes(all []command.Parameter) []api.BatchParameter {
	out := make([]api.BatchParameter, 0, len(all))
	for _, p := range all {
		view := api.BatchParameter{Name: p.Name, Kind: string(p.Kind), Default: text(p.Default), Description: text(p.Tells)}
		if p.Kind == command.Integer {
			view.Least = api.NewOptInt(p.Least)
		}
		if p.Most > 0 {
			view.Most = api.NewOptInt(p.Most)
		}
		out = append(out, view)
	}
	return out
}
