package simulators

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"

	"carillon/adapters/simulators/faults"
	"carillon/adapters/simulators/sns"
	"carillon/adapters/simulators/stage"
)

// Control returns the handler of the control listener; the package comment lists its verbs. It has no key of its own
// and belongs on loopback; requests of web pages of elsewhere are refused.
func (r *Running) Control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /control", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, r.State()) })
	mux.HandleFunc("GET /control/certificate", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-pem-file")
		_, _ = w.Write(r.CertificatePEM()) // the caller may be gone
	})
	mux.HandleFunc("PUT /control/{name}", r.putFault)
	mux.HandleFunc("DELETE /control/{name}", r.clearFault)
	mux.HandleFunc("PUT /control/hooks", r.putHooks)
	mux.HandleFunc("POST /control/sns/reply", r.postReply)
	mux.HandleFunc("POST /control/sns/optout", r.postOptOut)
	mux.HandleFunc("GET /records/{name}", r.records)
	mux.HandleFunc("DELETE /records", func(w http.ResponseWriter, _ *http.Request) {
		for _, name := range names() {
			r.Book(name).Clear()
		}
		w.WriteHeader(http.StatusNoContent)
	})
	return new(http.CrossOriginProtection).Handler(mux)
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(body) // the caller may be gone
}

func refuse(w http.ResponseWriter, status int, err error) {
	answer(w, status, map[string]string{"error": err.Error()})
}

// errTrailing tells that a body goes on after its JSON.
var errTrailing = errors.New("one JSON object is expected")

// body reads one JSON object, whose fields must all be known.
func body(w http.ResponseWriter, req *http.Request, into any) bool {
	decoder := json.NewDecoder(http.MaxBytesReader(w, req.Body, 1<<20))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	if err == nil && !errors.Is(decoder.Decode(new(any)), io.EOF) {
		err = errTrailing
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, err)
		return false
	}
	return true
}

// set finds the faults that a request speaks of.
func (r *Running) set(w http.ResponseWriter, req *http.Request) (*faults.Set, bool) {
	set := r.Faults(req.PathValue("name"))
	if set == nil {
		refuse(w, http.StatusNotFound, errUnknown)
	}
	return set, set != nil
}

// errUnknown tells that there is no such simulator.
var errUnknown = errors.New("no such simulator: sns, ses, dialer or dms")

func (r *Running) putFault(w http.ResponseWriter, req *http.Request) {
	set, ok := r.set(w, req)
	if !ok {
		return
	}
	var f faults.Fault
	if !body(w, req, &f) {
		return
	}
	if err := set.Put(req.URL.Query().Get("key"), f); err != nil {
		refuse(w, http.StatusUnprocessableEntity, err)
		return
	}
	answer(w, http.StatusOK, set.State())
}

func (r *Running) clearFault(w http.ResponseWriter, req *http.Request) {
	set, ok := r.set(w, req)
	if !ok {
		return
	}
	set.Clear(req.URL.Query().Get("key"))
	answer(w, http.StatusOK, set.State())
}

func (r *Running) putHooks(w http.ResponseWriter, req *http.Request) {
	var h Hooks
	if !body(w, req, &h) {
		return
	}
	r.SetHooks(h)
	w.WriteHeader(http.StatusNoContent)
}

func (r *Running) postReply(w http.ResponseWriter, req *http.Request) {
	var reply sns.Reply
	if !body(w, req, &reply) {
		return
	}
	id, err := r.Reply(reply)
	if err != nil {
		refuse(w, http.StatusUnprocessableEntity, err)
		return
	}
	answer(w, http.StatusAccepted, map[string]string{"inboundMessageId": id})
}

// errNumber tells that a number does not have the form of E.164.
var errNumber = errors.New("number: not an E.164 number")

func (r *Running) postOptOut(w http.ResponseWriter, req *http.Request) {
	var verb struct {
		Number string `json:"number"`
		Out    bool   `json:"out"`
	}
	if !body(w, req, &verb) {
		return
	}
	if !stage.E164(verb.Number) {
		refuse(w, http.StatusUnprocessableEntity, errNumber)
		return
	}
	r.OptOut(verb.Number, verb.Out)
	w.WriteHeader(http.StatusNoContent)
}

// records streams the records in memory, one JSON object in a line.
func (r *Running) records(w http.ResponseWriter, req *http.Request) {
	b := r.Book(req.PathValue("name"))
	if b == nil {
		refuse(w, http.StatusNotFound, errUnknown)
		return
	}
	var after int64
	if text := req.URL.Query().Get("after"); text != "" {
		var err error
		if after, err = strconv.ParseInt(text, 10, 64); err != nil {
			refuse(w, http.StatusBadRequest, err)
			return
		}
	}
	op := req.URL.Query().Get("op")
	w.Header().Set("Content-Type", "application/x-ndjson")
	encoder := json.NewEncoder(w)
	list, _ := b.Records(after)
	for _, record := range list {
		if op != "" && record.Op != op {
			continue
		}
		if err := encoder.Encode(record); err != nil {
			return // the caller is gone
		}
	}
}
