// What every store must do, run on each of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "io/scope.h"
#include "io/sim/sim_world.h"
#include "store/memory_store.h"
#include "store/sqlite_store.h"
#include "store/test_cipher.h"

namespace farholm::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct StoreKind {
  const char* name;
  bool lasting;
};

class StoreConformance : public testing::TestWithParam<StoreKind> {
 protected:
  void SetUp() override { open(); }

  void open() {
    store_.reset();
    if (GetParam().lasting) {
      auto opened = open_sqlite_store(machine_.world(), {"/hub.db", cipher_});
      ASSERT_TRUE(opened) << opened.error().to_string();
      store_ = std::move(*opened);
    } else {
      store_ = make_memory_store(world_.loop());
    }
  }

  template <class T>
  T run(io::Task<T> task) {
    return world_.loop().run(std::move(task));
  }

  static Key key(std::string name, std::string name_space = "retail",
                 std::string resource = "farholm.dev/sites") {
    return {std::move(resource), std::move(name_space), std::move(name)};
  }
  static json::Value object(int number) {
    return {{"kind", "Site"}, {"metadata", {{"uid", "u1"}}}, {"spec", {{"number", number}}}};
  }
  EntryRef must_create(const Key& key, int number) {
    auto created = run(create(*store_, key, object(number)));
    EXPECT_TRUE(created) << created.error().to_string();
    return created ? *created : nullptr;
  }
  static int number(const EntryRef& entry) { return entry->value["spec"]["number"].get<int>(); }

  std::vector<std::string> names(const ListOptions& options) {
    auto list = store_->list("farholm.dev/sites", options);
    EXPECT_TRUE(list);
    std::vector<std::string> found;
    for (const auto& entry : list->entries) {
      found.push_back(entry->key.name_space + "/" + entry->key.name + "=" + std::to_string(number(entry)));
    }
    return found;
  }

  io::sim::SimWorld world_{1};
  io::sim::SimMachine& machine_ = world_.add_machine("hub");
  TestCipher cipher_;
  std::unique_ptr<Store> store_;
};

INSTANTIATE_TEST_SUITE_P(Stores, StoreConformance,
                         testing::Values(StoreKind{"memory", false}, StoreKind{"sqlite", true}),
                         [](const auto& test) { return test.param.name; });

TEST_P(StoreConformance, ANewStoreHasRevisionOneAndNothingElse) {
  EXPECT_EQ(store_->revision(), 1);
  EXPECT_EQ(store_->get(key("a")), nullptr);
  EXPECT_TRUE(store_->list("farholm.dev/sites", {})->entries.empty());
  EXPECT_EQ(store_->list("farholm.dev/sites", {})->revision, 1);
}

TEST_P(StoreConformance, CreateGivesTheObjectItsRevisionAndWritesItIntoTheBytes) {
  const auto entry = must_create(key("a"), 7);
  EXPECT_EQ(entry->revision, 2);
  EXPECT_EQ(entry->created_revision, 2);
  EXPECT_EQ(entry->value["metadata"]["resourceVersion"], "2");
  EXPECT_EQ(entry->bytes, json::to_text(entry->value));
  EXPECT_EQ(store_->get(key("a")), entry);
  EXPECT_EQ(store_->revision(), 2);
}

TEST_P(StoreConformance, CreateRefusesWhatIsThere) {
  must_create(key("a"), 1);
  const auto again = run(create(*store_, key("a"), object(2)));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::AlreadyExists);
  EXPECT_EQ(again.error().message, "sites.farholm.dev \"a\" already exists");
  EXPECT_EQ(store_->revision(), 2);
}

TEST_P(StoreConformance, UpdateChecksTheExpectedRevision) {
  const auto first = must_create(key("a"), 1);
  const auto second = run(update(*store_, key("a"), first->revision, object(2)));
  ASSERT_TRUE(second);
  EXPECT_EQ((*second)->revision, 3);
  EXPECT_EQ((*second)->created_revision, 2);
  const auto stale = run(update(*store_, key("a"), first->revision, object(3)));
  ASSERT_FALSE(stale);
  EXPECT_EQ(stale.error().code, ErrorCode::Conflict);
  EXPECT_THAT(stale.error().message, HasSubstr("the object has been modified"));
  EXPECT_EQ(number(store_->get(key("a"))), 2);
  EXPECT_EQ(run(update(*store_, key("b"), 0, object(1))).error().code, ErrorCode::NotFound);
}

TEST_P(StoreConformance, AnUpdateThatChangesNothingHasNoRevisionAndNoEvent) {
  const auto first = must_create(key("a"), 1);
  auto watch = *store_->watch({.resource = "farholm.dev/sites", .after_revision = 2});
  const auto same = run(update(*store_, key("a"), first->revision, object(1)));
  ASSERT_TRUE(same);
  EXPECT_EQ(*same, first);
  EXPECT_EQ(store_->revision(), 2);
  run(update(*store_, key("a"), 0, object(2)));
  const auto events = run(watch->next());
  ASSERT_EQ(events->size(), 1U);
  EXPECT_EQ(number(events->front()->entry), 2);
}

TEST_P(StoreConformance, ANumberThatIsOnlyWrittenDifferentlyIsAChange) {
  must_create(key("a"), 1);
  auto value = object(1);
  value["spec"]["number"] = 1.0;
  run(update(*store_, key("a"), 0, value));
  EXPECT_EQ(store_->revision(), 3);
}

TEST_P(StoreConformance, RemoveGivesTheLastStateWithTheRevisionOfTheDeletion) {
  must_create(key("a"), 5);
  const auto removed = run(remove(*store_, key("a")));
  ASSERT_TRUE(removed);
  EXPECT_EQ((*removed)->revision, 3);
  EXPECT_EQ((*removed)->value["metadata"]["resourceVersion"], "3");
  EXPECT_EQ(number(*removed), 5);
  EXPECT_EQ(store_->get(key("a")), nullptr);
  EXPECT_EQ(run(remove(*store_, key("a"))).error().code, ErrorCode::NotFound);
  EXPECT_EQ(must_create(key("a"), 6)->created_revision, 4);
}

TEST_P(StoreConformance, RemoveHonoursItsPreconditions) {
  must_create(key("a"), 1);
  const auto wrong_uid = run(remove(*store_, key("a"), {.uid = "u2", .revision = {}}));
  ASSERT_FALSE(wrong_uid);
  EXPECT_EQ(wrong_uid.error().code, ErrorCode::Conflict);
  EXPECT_THAT(wrong_uid.error().message,
              HasSubstr("the UID in the precondition (u2) does not match the UID in record (u1)"));
  EXPECT_EQ(run(remove(*store_, key("a"), {.uid = {}, .revision = 1})).error().code, ErrorCode::Conflict);
  EXPECT_TRUE(run(remove(*store_, key("a"), {.uid = "u1", .revision = 2})));
}

TEST_P(StoreConformance, GuaranteedUpdatesOfOneTurnSeeEachOther) {
  must_create(key("a"), 0);
  const int kWriters = 50;
  int done = 0;
  io::Scope scope(world_.loop());
  for (int i = 0; i < kWriters; ++i) {
    scope.spawn([](Store& store, Key key, int& count) -> io::Task<void> {
      Decide increase = [](const Entry* current) -> Result<Change> {
        auto value = current->value;
        value["spec"]["number"] = value["spec"]["number"].get<int>() + 1;
        return Change::put(value);
      };
      const auto outcome = co_await mutate(store, std::move(key), increase);
      EXPECT_TRUE(outcome);
      ++count;
    }(*store_, key("a"), done));
  }
  run(scope.join());
  EXPECT_EQ(done, kWriters);
  EXPECT_EQ(number(store_->get(key("a"))), kWriters);
  EXPECT_EQ(store_->revision(), 2 + kWriters);
}

TEST_P(StoreConformance, ABatchIsAppliedWholeOrNotAtAll) {
  must_create(key("a"), 1);
  const auto put = [](int number) -> Decide {
    return [number](const Entry*) -> Result<Change> { return Change::put(object(number)); };
  };
  const auto refuse = [](const Entry*) -> Result<Change> { return fail(ErrorCode::Forbidden, "no"); };
  std::vector<Write> bad;
  bad.push_back({key("a"), put(2)});
  bad.push_back({key("a"), put(3)});
  bad.push_back({key("b"), put(4)});
  bad.push_back({key("c"), refuse});
  const auto refused = run(store_->commit(bad));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::Forbidden);
  EXPECT_THAT(names({}), ElementsAre("retail/a=1"));
  EXPECT_EQ(store_->revision(), 2);

  bad.pop_back();
  const auto applied = run(store_->commit(bad));
  ASSERT_TRUE(applied);
  EXPECT_THAT(names({}), ElementsAre("retail/a=3", "retail/b=4"));
  ASSERT_EQ(applied->size(), 3U);
  EXPECT_EQ((*applied)[0].entry->revision, 3);
  EXPECT_EQ((*applied)[1].previous, (*applied)[0].entry);
  EXPECT_EQ((*applied)[2].entry->revision, 5);
}

TEST_P(StoreConformance, ARefusedBatchDoesNotDisturbItsNeighboursInTheGroup) {
  io::Scope scope(world_.loop());
  std::vector<bool> succeeded;
  const auto spawn = [&](bool refused, int number) {
    scope.spawn([](Store& store, Key key, bool fails, int value,
                   std::vector<bool>& results) -> io::Task<void> {
      std::vector<Write> writes;
      writes.push_back({key, [value](const Entry*) -> Result<Change> { return Change::put(object(value)); }});
      if (fails) {
        writes.push_back(
            {key, [](const Entry*) -> Result<Change> { return fail(ErrorCode::Forbidden, "no"); }});
      }
      results.push_back((co_await store.commit(std::move(writes))).has_value());
    }(*store_, key("a"), refused, number, succeeded));
  };
  spawn(false, 1);
  spawn(true, 2);
  spawn(false, 3);
  run(scope.join());
  EXPECT_THAT(succeeded, ElementsAre(true, false, true));
  EXPECT_EQ(number(store_->get(key("a"))), 3);
  EXPECT_EQ(store_->revision(), 3);
}

TEST_P(StoreConformance, ADroppedCommitIsWithdrawn) {
  auto task = create(*store_, key("a"), object(1));
  task.start();
  task.reset();
  must_create(key("b"), 2);
  EXPECT_THAT(names({}), ElementsAre("retail/b=2"));
}

TEST_P(StoreConformance, BadValuesAndKeysAreRefused) {
  EXPECT_EQ(run(create(*store_, key("a"), json::Value{{"spec", 1}})).error().code, ErrorCode::Invalid);
  EXPECT_EQ(run(create(*store_, key("a"), json::Value{{"metadata", 1}})).error().code, ErrorCode::Invalid);
  EXPECT_EQ(run(create(*store_, key(""), object(1))).error().code, ErrorCode::Invalid);
  EXPECT_EQ(run(create(*store_, key(std::string("a\0b", 3)), object(1))).error().code, ErrorCode::Invalid);
  EXPECT_EQ(run(create(*store_, key(std::string(kKeyPartBytesMax + 1, 'a')), object(1))).error().code,
            ErrorCode::Invalid);
  auto large = object(1);
  large["spec"]["text"] = std::string(kObjectBytesMax, 'x');
  EXPECT_EQ(run(create(*store_, key("a"), large)).error().code, ErrorCode::RequestEntityTooLarge);
  EXPECT_EQ(store_->revision(), 1);
}

TEST_P(StoreConformance, ListsAreOrderedAndFilteredAndCutIntoPages) {
  int number = 0;
  for (const char* name : {"c", "a", "b"}) must_create(key(name, "south"), ++number);
  must_create(key("z", "north"), 4);
  must_create(key("x", "", "farholm.dev/others"), 5);
  EXPECT_THAT(names({}), ElementsAre("north/z=4", "south/a=2", "south/b=3", "south/c=1"));
  EXPECT_THAT(names({.name_space = "south", .after = {}}),
              ElementsAre("south/a=2", "south/b=3", "south/c=1"));
  EXPECT_THAT(names({.name_space = "sout", .after = {}}), ElementsAre());
  const auto page = store_->list("farholm.dev/sites", {.name_space = {}, .limit = 3, .after = {}});
  EXPECT_EQ(page->entries.size(), 3U);
  EXPECT_EQ(page->remaining, 1U);
  EXPECT_THAT(
      names({.name_space = {}, .revision = page->revision, .limit = 3, .after = std::pair("south", "b")}),
      ElementsAre("south/c=1"));
  EXPECT_THAT(store_->resources(), ElementsAre("farholm.dev/others", "farholm.dev/sites"));
}

TEST_P(StoreConformance, AListAtARevisionShowsExactlyThatState) {
  must_create(key("a"), 1);
  must_create(key("b"), 2);
  const auto then = store_->revision();
  run(update(*store_, key("a"), 0, object(10)));
  run(remove(*store_, key("b")));
  must_create(key("c"), 3);
  run(update(*store_, key("a"), 0, object(11)));
  EXPECT_THAT(names({.name_space = {}, .revision = then, .after = {}}),
              ElementsAre("retail/a=1", "retail/b=2"));
  EXPECT_THAT(names({.name_space = {}, .revision = then + 1, .after = {}}),
              ElementsAre("retail/a=10", "retail/b=2"));
  EXPECT_THAT(names({}), ElementsAre("retail/a=11", "retail/c=3"));
}

TEST_P(StoreConformance, AListInTheFutureSaysSo) {
  const auto list = store_->list("farholm.dev/sites", {.name_space = {}, .revision = 5, .after = {}});
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error().code, ErrorCode::Timeout);
  EXPECT_EQ(list.error().causes.front().reason, "ResourceVersionTooLarge");
}

TEST_P(StoreConformance, AWatchGivesEveryChangeInOrderWithOldAndNewState) {
  must_create(key("a"), 1);
  auto watch = *store_->watch({.resource = "farholm.dev/sites", .after_revision = 1});
  run(update(*store_, key("a"), 0, object(2)));
  must_create(key("x", "", "farholm.dev/others"), 5);
  run(remove(*store_, key("a")));
  const auto events = *run(watch->next());
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0]->type, Event::Type::Added);
  EXPECT_EQ(events[0]->previous, nullptr);
  EXPECT_EQ(events[1]->type, Event::Type::Modified);
  EXPECT_EQ(events[1]->previous, events[0]->entry);
  EXPECT_EQ(events[2]->type, Event::Type::Deleted);
  EXPECT_EQ(events[2]->revision, 5);
  EXPECT_EQ(events[2]->entry->revision, 5);
  EXPECT_EQ(events[2]->previous, events[1]->entry);
  EXPECT_EQ(watch->progress(), 5);
}

TEST_P(StoreConformance, AWatchWaitsForWhatItSelects) {
  auto watch = *store_->watch(
      {.resource = "farholm.dev/sites", .after_revision = 0, .name_space = "retail", .name = "b"});
  std::vector<std::int64_t> seen;
  io::Scope scope(world_.loop());
  scope.spawn([](Watch& on, std::vector<std::int64_t>& revisions) -> io::Task<void> {
    const auto events = co_await on.next();
    for (const auto& event : *events) revisions.push_back(event->revision);
  }(*watch, seen));
  must_create(key("a"), 1);
  must_create(key("b", "other"), 2);
  EXPECT_TRUE(seen.empty());
  EXPECT_EQ(watch->progress(), 3);
  must_create(key("b"), 3);
  run(scope.join());
  EXPECT_THAT(seen, ElementsAre(4));
}

TEST_P(StoreConformance, AnEventIsVisibleBeforeItsWriteIsAcknowledged) {
  auto watch = *store_->watch({.resource = "farholm.dev/sites"});
  must_create(key("a"), 1);
  auto task = watch->next();
  task.start();
  EXPECT_TRUE(task.done());
}

TEST_P(StoreConformance, DroppingAWaitingWatchLosesNothing) {
  auto watch = *store_->watch({.resource = "farholm.dev/sites"});
  auto task = watch->next();
  task.start();
  task.reset();
  must_create(key("a"), 1);
  EXPECT_EQ(run(watch->next())->size(), 1U);
}

TEST_P(StoreConformance, AWatchThatFallsBehindTheHistoryExpires) {
  must_create(key("a"), 0);
  auto slow = *store_->watch({.resource = "farholm.dev/sites"});
  auto elsewhere =
      *store_->watch({.resource = "farholm.dev/sites", .after_revision = 0, .name_space = "other"});
  std::vector<Write> writes;
  for (int i = 1; i <= 1000; ++i) {
    writes.push_back({key("a"), [i](const Entry*) -> Result<Change> { return Change::put(object(i)); }});
  }
  for (int i = 0; i < 9; ++i) ASSERT_TRUE(run(store_->commit(writes)));
  EXPECT_EQ(run(slow->next()).error().code, ErrorCode::Expired);
  EXPECT_EQ(store_->watch({.resource = "farholm.dev/sites", .after_revision = 2}).error().code,
            ErrorCode::Expired);
  EXPECT_EQ(store_->list("farholm.dev/sites", {.name_space = {}, .revision = 2, .after = {}}).error().code,
            ErrorCode::Expired);
  must_create(key("b", "other"), 1);
  EXPECT_EQ(run(elsewhere->next())->size(), 1U) << "what it does not select must not make it expire";
}

TEST_P(StoreConformance, CompactionForgetsButAQuietResourceNeverExpires) {
  must_create(key("quiet", "", "farholm.dev/others"), 1);
  must_create(key("a"), 1);
  must_create(key("b"), 1);
  store_->compact(3);
  EXPECT_EQ(store_->watch({.resource = "farholm.dev/sites", .after_revision = 2}).error().code,
            ErrorCode::Expired);
  EXPECT_TRUE(store_->watch({.resource = "farholm.dev/sites", .after_revision = 3}));
  EXPECT_TRUE(store_->watch({.resource = "farholm.dev/others", .after_revision = 2}));
}

TEST_P(StoreConformance, LessHistoryIsKeptOfAResourceWhereThatIsAskedFor) {
  must_create(key("a", "", "farholm.dev/others"), 0);
  must_create(key("a"), 0);
  const auto begun = store_->revision();
  store_->limit_history("farholm.dev/others", 4096);
  for (int i = 1; i <= 100; ++i) {
    run(update(*store_, key("a", "", "farholm.dev/others"), 0, object(i)));
    run(update(*store_, key("a"), 0, object(i)));
  }
  EXPECT_EQ(store_->watch({.resource = "farholm.dev/others", .after_revision = begun}).error().code,
            ErrorCode::Expired);
  EXPECT_TRUE(store_->watch({.resource = "farholm.dev/others", .after_revision = store_->revision() - 2}));
  EXPECT_TRUE(store_->watch({.resource = "farholm.dev/sites", .after_revision = begun}));
}

TEST_P(StoreConformance, ReachedWaitsForTheRevision) {
  bool reached = false;
  io::Scope scope(world_.loop());
  scope.spawn([](Store& store, bool& flag) -> io::Task<void> {
    co_await store.reached(3);
    flag = true;
  }(*store_, reached));
  must_create(key("a"), 1);
  EXPECT_FALSE(reached);
  must_create(key("b"), 1);
  run(scope.join());
  EXPECT_TRUE(reached);
}

TEST_P(StoreConformance, ALastingStoreRemembersEverythingWhenItIsOpenedAgain) {
  if (!GetParam().lasting) return;  // it need not
  must_create(key("a"), 1);
  must_create(key("b"), 2);
  must_create(key("quiet", "", "farholm.dev/others"), 3);
  run(update(*store_, key("a"), 0, object(10)));
  run(remove(*store_, key("b")));
  const auto bytes = store_->get(key("a"))->bytes;
  open();
  EXPECT_EQ(store_->revision(), 6);
  EXPECT_EQ(store_->get(key("a"))->bytes, bytes);
  EXPECT_EQ(store_->get(key("a"))->created_revision, 2);
  EXPECT_THAT(names({}), ElementsAre("retail/a=10"));
  // Who has seen all there was goes on where it was; who has not lists again.
  EXPECT_TRUE(store_->watch({.resource = "farholm.dev/others", .after_revision = 4}));
  EXPECT_TRUE(store_->watch({.resource = "farholm.dev/sites", .after_revision = 6}));
  EXPECT_EQ(store_->watch({.resource = "farholm.dev/sites", .after_revision = 5}).error().code,
            ErrorCode::Expired);
}

}  // namespace
}  // namespace farholm::store
