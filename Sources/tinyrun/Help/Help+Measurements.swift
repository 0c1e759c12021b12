/// What the commands that measure, and those about the machine and its shells, say of themselves.
extension Help {
  static let bench = Help(
    summary: "measure how long a model takes",
    usage: "bench MODEL [--warmup N] [--runs N | --seconds S] [--sessions N] [--seed N] [--json]",
    description: """
      Measures, in this order: the load, from the opening of the file to a session that is ready; its first run; runs
      that are thrown away; and the timed runs, each by itself. Inputs are random, the same for the same seed on every
      machine, or zero where the model refuses random ones. Allocator calls are those of the whole process in the timed
      runs; on systems where they cannot be counted, the result says so. Beyond 131,072 runs of a session, percentiles
      are those of a random choice of that many. Text is for people and may change; JSON, one object on one line, is for
      programs.
      """,
    options: [
      ("--warmup N", "runs before the timed ones; unless given 10, or as many as half a second takes"),
      ("--runs N", "timed runs of each session"),
      ("--seconds S", "timed runs for that time, but 10 of them, or 20 seconds; 2 seconds unless given"),
      ("--sessions N", "sessions of the model that run at once, each on a thread; 1 unless given"),
      ("--seed N", "where random inputs begin; 1 unless given"),
      ("--json", "the result for programs"),
    ],
    shared: .models,
    example: "tinyrun bench mnist_cnn_int8.tflite --seconds 5 --json")

  static let profile = Help(
    summary: "measure how long each operator of a model takes",
    usage: "profile MODEL [--runs N | --seconds S] [--by op|type|kernel] [--top N] [--csv | --json] [--trace FILE]",
    description: """
      Prints for each operator the microseconds of a run (the median of all runs, the timer's cost among them), its
      share and the sum of shares so far, multiply-accumulates (MACs) in a nanosecond and how many percent they are of
      the measured peak (see tinyrun help kernels) of all threads, and the bytes that it touches: inputs, constants and
      outputs. Then what a run takes beside its operators, and what it takes without profiling; such runs are made in
      turn with the profiled ones. Operators that cost nothing, as views, are left out. Text is for people and may
      change; JSON and CSV are for programs.
      """,
    options: [
      ("--warmup N", "runs before the timed ones; unless given 10, or as many as half a second takes"),
      ("--runs N", "profiled runs, and as many without profiling"),
      ("--seconds S", "runs for that time, but 10 of them, or 20 seconds; 2 seconds unless given"),
      ("--by WHAT", "a row for each op (unless given), type of operator, or kernel"),
      ("--top N", "only the N rows that take the most time"),
      ("--seed N", "where random inputs begin; 1 unless given"),
      ("--csv", "the rows as comma-separated values"),
      ("--json", "the result for programs"),
      ("--trace FILE", "write the first ten runs as a trace, for chrome://tracing and ui.perfetto.dev"),
    ],
    shared: .models,
    example: "tinyrun profile mnist_dscnn_int8.tflite --runs 2000 --trace trace.json")

  static let kernels = Help(
    summary: "measure all kernels on a layer, and mark the one that is picked",
    usage: "kernels [SHAPE... | MODEL...] [--shapes FILE] [--list] [--seconds S] [--assert] [--tolerance 5] [--json]",
    description: """
      SHAPE is ROWS,DEPTH,CHANNELS for a product of matrices of int8 (a convolution has a row for each pixel of the
      output, and the window's numbers as depth), or dw:HEIGHTxWIDTHxCHANNELS,HEIGHTxWIDTH,STRIDE for a depthwise
      convolution: the image, and the window. The layer is made up. For a MODEL: all distinct layers of CONV_2D,
      DEPTHWISE_CONV_2D and FULLY_CONNECTED in it, each operator timed by itself in runs of the whole model.
      Every set of kernels that this processor has runs in turn with all others, on one thread. Printed are the least
      times: multiply-accumulates (MACs) in a nanosecond, percent of the best kernel's, and percent of the measured
      peak: what products of matrices in the nearest caches reach on one core. The kernel that the library picks here is
      marked <--.
      """,
    options: [
      ("--shapes FILE", "shapes of a file: in each line a shape, and how often it is there; # begins a remark"),
      ("--list", "measure nothing; print the shapes of MODEL's layers as --shapes takes them"),
      ("--seconds S", "time for all kernels of a shape together, 0.5 unless given; of a model, 2 unless given"),
      ("--assert", "end with status 1 if the pick is slower than the best kernel by more than the tolerance on any"),
      ("", "shape, after three measurements, and by more than the clock can tell"),
      ("--tolerance P", "percent that the pick may be slower; 5 unless given"),
      ("--seed N", "where random inputs of models begin; 1 unless given"),
      ("--json", "the result for programs"),
    ],
    shared: .kernels,
    example: "tinyrun kernels 49,512,512 dw:14x14x512,3x3,1")

  static let devices = Help(
    summary: "show what can run models here: the processor, its kernels, accelerators",
    usage: "devices [--json]",
    description: """
      Prints the processor, how many of its cores there are, every set of kernels with whether this processor can run
      it, and the set that a model gets unless it asks for another, with the reason. Then the accelerators.
      """,
    options: [("--json", "the list for programs")],
    example: "tinyrun devices")

  static let knobs = Help(
    summary: "list the environment variables that are read, and their values",
    usage: "knobs [--json]",
    description: "Prints every environment variable that the library reads: what it is now, its values, its meaning.",
    options: [("--json", "the list for programs")],
    example: "tinyrun knobs")

  static let completions = Help(
    summary: "print a script that lets a shell complete tinyrun's commands and options",
    usage: "completions bash|zsh",
    description: """
      For bash, write it to ~/.local/share/bash-completion/completions/tinyrun, or have ~/.bashrc say
      source <(tinyrun completions bash). For zsh, write it as _tinyrun to a folder of fpath, or have ~/.zshrc say
      source <(tinyrun completions zsh) after compinit.
      """,
    options: [],
    example: "tinyrun completions bash > ~/.local/share/bash-completion/completions/tinyrun")

  static let manual = Help(
    summary: "print the manual page of tinyrun, for man",
    usage: "manual",
    description: """
      Prints all that tinyrun help says of all commands, and the environment variables, as a page for man: to read it,
      write it to a file and call man with the file's path.
      """,
    options: [],
    example: "tinyrun manual > ~/.local/share/man/man1/tinyrun.1")
}
