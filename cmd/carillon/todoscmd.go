package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"carillon/cmd/internal/cli"

	"github.com/jedib0t/go-pretty/v6/table"
)

// ToDosCmd shows work that only people can do, through the API of a running gateway.
type ToDosCmd struct {
	List ToDosListCmd `cmd:"" help:"List To Dos, what comes first at the top."`
	Show ToDosShowCmd `cmd:"" help:"Show a To Do with its log and what relates to it."`
}

// ToDosListCmd lists entries.
type ToDosListCmd struct {
	cli.API

	Mine     bool   `help:"Those that are assigned to the key's user."`
	Status   string `help:"open, assigned or complete; without it, those that are not complete."`
	Type     string `help:"Of this To Do Type."`
	Role     string `help:"Of this To Do Role."`
	User     string `help:"Assigned to this user."`
	Division string `help:"Of this division."`
	About    string `help:"About this."`
	Carrying string `help:"Carrying this characteristic." placeholder:"TYPE=VALUE"`
	Limit    int    `help:"How many to list at most; 0 lists all." default:"100"`
	Output   string `help:"How to print them; json prints one a line." enum:"table,json" default:"table"`
}

// toDoLine is an entry as the API shows it.
type toDoLine struct {
	ID          string `json:"id"`
	Priority    int    `json:"priority"`
	Status      string `json:"status"`
	Work        string `json:"work"`
	Type        string `json:"type"`
	Role        string `json:"role"`
	User        string `json:"user"`
	Division    string `json:"division"`
	OpenedAt    string `json:"openedAt"`
	Information string `json:"information"`
	Reason      string `json:"reason"`
}

// Run prints the list page by page.
func (c *ToDosListCmd) Run(w cli.World) error {
	const pageSize = 1000
	query := url.Values{}
	for name, value := range onlyNamed(map[string]string{
		"status": c.Status, "type": c.Type, "role": c.Role, "user": c.User, "division": c.Division, "about": c.About,
		"characteristic": c.Carrying,
	}) {
		query.Set(name, value)
	}
	if c.Mine {
		query.Set("mine", "true")
	}
	t := table.NewWriter()
	t.AppendHeader(table.Row{"id", "priority", "status", "type", "role", "user", "division", "opened", "about"})
	for left := c.Limit; c.Limit == 0 || left > 0; {
		size := pageSize
		if c.Limit > 0 {
			size = min(left, pageSize)
		}
		query.Set("limit", fmt.Sprint(size))
		var page struct {
			ToDos []json.RawMessage `json:"todos"`
			Next  string            `json:"next"`
		}
		if err := c.AskJSON(w, http.MethodGet, "/v1/todos?"+query.Encode(), nil, nil, &page); err != nil {
			return err
		}
		for _, raw := range page.ToDos {
			if c.Output == "json" {
				fmt.Fprintln(w.Out, string(raw))
				continue
			}
			var e toDoLine
			if err := json.Unmarshal(raw, &e); err != nil {
				return err
			}
			t.AppendRow(e.tableRow())
		}
		if left -= len(page.ToDos); page.Next == "" {
			break
		}
		query.Set("after", page.Next)
	}
	if c.Output == "table" {
		fmt.Fprintln(w.Out, t.Render())
	}
	return nil
}

func (e toDoLine) tableRow() table.Row {
	status, about := e.Status, e.Information
	if e.Work != "" {
		status = e.Work
	}
	if about == "" {
		about = e.Reason
	}
	return table.Row{e.ID, e.Priority, status, e.Type, e.Role, e.User, e.Division, e.OpenedAt, about}
}

// ToDosShowCmd shows an entry.
type ToDosShowCmd struct {
	cli.API

	ID string `arg:"" help:"Its fourteen digits."`
}

// Run prints the answer as it came.
func (c *ToDosShowCmd) Run(w cli.World) error {
	return c.ShowAnswer(w, http.MethodGet, "/v1/todos/"+url.PathEscape(c.ID))
}
