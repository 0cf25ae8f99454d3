// The till's HTTP interface.
//
//	GET  /         the page for people
//	POST /sales    {"item","cents"} → 201 and the sale, when it is on the disk (a form is answered with 303)
//	GET  /sales    totals and the newest sales (?limit=N)
//	GET  /journal  every line of the journal
//	GET  /healthz  200 while this replica wants traffic
//	GET  /livez    200 while a restart would not help

package main

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"log"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"
)

const (
	bodyBytesMax     = 4 << 10
	itemRunesMax     = 100
	centsMax         = 100_000_000
	salesListDefault = 100
	salesOnPage      = 10
)

//go:embed pages/*.html
var pages embed.FS

// Identity is what a replica says about itself.
type Identity struct {
	Version     string
	StoreNumber string
	Pod         string
	CardKey     []byte // Signs receipts; shown nowhere.
}

// Server answers the requests of one replica.
type Server struct {
	identity Identity
	journal  *Journal
	now      func() time.Time
	page     *template.Template
	draining atomic.Bool
}

func NewServer(identity Identity, journal *Journal, now func() time.Time) (*Server, error) {
	name := "pages/" + identity.Version + ".html"
	page, err := template.New(identity.Version+".html").Funcs(template.FuncMap{"money": money}).ParseFS(pages, name)
	if err != nil {
		return nil, fmt.Errorf("the page of version %s: %w", identity.Version, err)
	}
	return &Server{identity: identity, journal: journal, now: now, page: page}, nil
}

// Drain makes the replica ask for no more traffic and its clients for another connection. It still answers.
func (s *Server) Drain() { s.draining.Store(true) }

func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.showPage)
	mux.HandleFunc("POST /sales", s.addSale)
	mux.HandleFunc("GET /sales", s.listSales)
	mux.HandleFunc("GET /journal", s.dumpJournal)
	mux.HandleFunc("GET /healthz", s.ready)
	mux.HandleFunc("GET /livez", s.alive)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Till-Pod", s.identity.Pod)
		w.Header().Set("X-Till-Version", s.identity.Version)
		if s.draining.Load() {
			w.Header().Set("Connection", "close")
		}
		mux.ServeHTTP(w, r)
	})
}

type saleRequest struct {
	Item  string `json:"item"`
	Cents int64  `json:"cents"`
}

func (s *Server) addSale(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, bodyBytesMax)
	request, isForm, err := readSale(r)
	if err != nil {
		status := http.StatusBadRequest
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			status = http.StatusRequestEntityTooLarge
		}
		fail(w, status, err)
		return
	}
	sale := Sale{ID: newID(), At: s.now().UTC(), Pod: s.identity.Pod, Item: request.Item, Cents: request.Cents}
	sale.Receipt = s.receipt(sale)
	if err := s.journal.Append(sale); err != nil {
		status := http.StatusServiceUnavailable
		if errors.Is(err, errJournalFull) {
			status = http.StatusInsufficientStorage
		}
		log.Printf("a sale was refused: %v", err)
		fail(w, status, err)
		return
	}
	if isForm {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	answer(w, http.StatusCreated, sale)
}

func readSale(r *http.Request) (sale saleRequest, isForm bool, err error) {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind == "application/x-www-form-urlencoded" {
		if err := r.ParseForm(); err != nil {
			return sale, true, fmt.Errorf("the form cannot be read: %w", err)
		}
		sale.Item = r.PostForm.Get("item")
		if sale.Cents, err = strconv.ParseInt(r.PostForm.Get("cents"), 10, 64); err != nil {
			return sale, true, errors.New("cents must be a whole number")
		}
		return sale, true, check(&sale)
	}
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&sale); err != nil {
		return sale, false, fmt.Errorf(`expected a JSON object such as {"item":"tea","cents":250}: %w`, err)
	}
	if decoder.More() {
		return sale, false, errors.New("expected one JSON object and nothing behind it")
	}
	return sale, false, check(&sale)
}

func check(sale *saleRequest) error {
	sale.Item = strings.TrimSpace(sale.Item)
	switch {
	case sale.Item == "":
		return errors.New("item must not be empty")
	case !utf8.ValidString(sale.Item) || utf8.RuneCountInString(sale.Item) > itemRunesMax:
		return fmt.Errorf("item must be at most %d characters of UTF-8", itemRunesMax)
	case sale.Cents <= 0 || sale.Cents > centsMax:
		return fmt.Errorf("cents must be between 1 and %d", centsMax)
	}
	return nil
}

// The receipt lets the card company check that this store made this sale, without showing the key.
func (s *Server) receipt(sale Sale) string {
	mac := hmac.New(sha256.New, s.identity.CardKey)
	fmt.Fprintf(mac, "%s\x00%s\x00%d\x00%s", s.identity.StoreNumber, sale.ID, sale.Cents, sale.Item)
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

func newID() string {
	var id [12]byte
	_, _ = rand.Read(id[:]) // Never fails, says its documentation: it ends the program instead.
	return hex.EncodeToString(id[:])
}

func (s *Server) listSales(w http.ResponseWriter, r *http.Request) {
	limit := salesListDefault
	if text := r.URL.Query().Get("limit"); text != "" {
		number, err := strconv.Atoi(text)
		if err != nil || number < 0 || number > recentSalesMax {
			fail(w, http.StatusBadRequest, fmt.Errorf("limit must be between 0 and %d", recentSalesMax))
			return
		}
		limit = number
	}
	totals, sales, err := s.journal.Read(limit)
	if err != nil {
		fail(w, http.StatusServiceUnavailable, err)
		return
	}
	answer(w, http.StatusOK, map[string]any{
		"store": s.identity.StoreNumber, "pod": s.identity.Pod, "version": s.identity.Version,
		"count": totals.Count, "cents": totals.Cents, "damaged": totals.Damaged, "sales": sales,
	})
}

func (s *Server) dumpJournal(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/x-ndjson")
	if err := s.journal.Dump(w); err != nil {
		log.Printf("the journal was not sent whole: %v", err)
		panic(http.ErrAbortHandler) // The client must not take what it has for everything.
	}
}

func (s *Server) showPage(w http.ResponseWriter, _ *http.Request) {
	totals, sales, err := s.journal.Read(salesOnPage)
	if err != nil {
		fail(w, http.StatusServiceUnavailable, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	err = s.page.Execute(w, map[string]any{"Identity": s.identity, "Totals": totals, "Sales": sales})
	if err != nil {
		log.Printf("the page was not sent whole: %v", err)
	}
}

func (s *Server) ready(w http.ResponseWriter, _ *http.Request) {
	if s.draining.Load() {
		fail(w, http.StatusServiceUnavailable, errors.New("this replica is being stopped"))
		return
	}
	s.alive(w, nil)
}

func (s *Server) alive(w http.ResponseWriter, _ *http.Request) {
	if err := s.journal.Healthy(); err != nil {
		fail(w, http.StatusServiceUnavailable, err)
		return
	}
	fmt.Fprintln(w, "ok")
}

func money(cents int64) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }

func answer(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // The client has gone: nobody is left to tell.
}

func fail(w http.ResponseWriter, status int, err error) {
	answer(w, status, map[string]string{"error": err.Error()})
}
