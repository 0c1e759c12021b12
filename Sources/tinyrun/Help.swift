import TinyTensor

/// What a command's help says.
struct Help: Sendable {
  /// What the command does, in a few words.
  let summary: String
  /// How it is called, without the tool's name.
  let usage: String
  /// What it does with what it is given.
  let description: String
  /// Its own options, each with what it means.
  let options: [(String, String)]
  /// A command line that works.
  let example: String

  /// Options that the command shares with others.
  private var sharedOptions: [(String, String)] {
    if usage.hasPrefix("kernels") { return [Self.fixedPoint] + Self.modelOptions }
    // A check loads nothing.
    if usage.hasPrefix("check") { return [] }
    if usage.contains("MODEL") { return Self.executionOptions + Self.modelOptions }
    return usage.hasPrefix("cases") ? Self.executionOptions : []
  }

  static let inspect = Help(
    summary: "show what is in a model file, whether it can run or not",
    usage: "inspect MODEL [--ops] [--tensors] [--memory] [--plan] [--json]",
    description: """
      Shows inputs and outputs, every operator with its shapes, weights, multiply-accumulates (MACs) and kernel, and
      totals. A model that cannot run is shown too, with the reason; its operators are marked unsupported (this version
      lacks them), refused (their options or tensors are wrong) or edgetpu (compiled for it). An operator marked view
      costs nothing. `tinyrun MODEL` does the same.
      """,
    options: [
      ("--ops", "all tensors of every operator, with their full names"),
      ("--tensors", "all tensors: type, shape, quantization, size of their data"),
      ("--memory", "what lies where in the arena, and when"),
      ("--plan", "the steps of a run, where their operands lie, and what costs no step"),
      ("--json", "everything, for programs"),
    ],
    example: "tinyrun inspect mnist_cnn_int8.tflite --memory")

  static let run = Help(
    summary: "run a model on files, or on random data",
    usage: "run MODEL [INPUT...] [--output-prefix P] [--dump-tensors DIR] [--seed N]",
    description: """
      INPUT files are the inputs in the order of the signature: .npy files, or any others as raw little-endian elements
      (.raw, .bin; - is standard input). More files than inputs are further runs of the same session, which keeps its
      variables. Without files the inputs are random, the same for the same seed on every machine.
      """,
    options: [
      ("--output-prefix P", "write outputs to P0.bin, P1.bin, ...; for run 1 and later to P0-run1.bin, ..."),
      ("--dump-tensors DIR", "write every tensor of a run to DIR (of later runs to DIR/run1, ...), with tensors.json"),
      ("--seed N", "where random numbers begin; 1 unless given"),
      ("--quiet", "say nothing on standard error"),
    ],
    example: "tinyrun run mnist_cnn_int8.tflite digit.npy --output-prefix scores")

  static let classify = Help(
    summary: "name the best classes of pictures",
    usage: "classify MODEL IMAGE... [--labels FILE] [--top 3] [--mapping unit|centred|raw] [--json]",
    description: """
      IMAGE is a PNG, JPEG, BMP, PBM, PGM or PPM picture, or FILE.idx3-ubyte:N for the N-th image of a set like MNIST.
      It is made to fit the model's input [1, height, width, channels]: stretched to its size, linearly interpolated
      where it grows and averaged where it shrinks; colours become grey by the luma of ITU-R BT.601. An input [1, pixels]
      takes pictures of exactly that many pixels. The model's first output is taken for the scores. Printed are the best
      classes with their scores as real values, and the time of the run in microseconds.
      """,
    options: [
      ("--labels FILE", "names of classes: a line each, or lines of a number and a name; the model's own unless given"),
      ("--top N", "how many classes to print; 3 unless given"),
      ("--mapping M", "a pixel v stands for: unit, v / 255; centred, v / 127.5 - 1; raw, v. Unless given, what the"),
      ("", "model's metadata say, or else what fills the range of a quantized input; unit for other inputs"),
      ("--json", "results for programs"),
      ("--quiet", "do not say which mapping was chosen"),
    ],
    example: "tinyrun classify mobilenet_v2.tflite cat.bmp --labels imagenet_labels.txt --top 5")

  static let detect = Help(
    summary: "find objects in pictures",
    usage: "detect MODEL IMAGE... [--labels FILE] [--top 10] [--threshold 0.5] [--json]",
    description: """
      IMAGE is a picture as for classify. The model must end with TFLite_Detection_PostProcess, as the SSD models of the
      Coral world do. Printed are the objects, likeliest first: score, class, label, and the box in pixels of the picture.
      Labels, the mapping of pixels and the threshold are those of the model's metadata, if it has any.
      """,
    options: [
      ("--labels FILE", "names of classes: a line each, or lines of a number and a name"),
      ("--top N", "how many objects to print; 10 unless given"),
      ("--threshold S", "the least score, from 0 to 1; that of the model's metadata unless given, or else 0.5"),
      ("--mapping M", "a pixel v stands for: unit, v / 255; centred, v / 127.5 - 1; raw, v"),
      ("--json", "results for programs"),
      ("--quiet", "do not say which mapping was chosen"),
    ],
    example: "tinyrun detect ssd_mobilenet_v1.tflite street.bmp")

  static let segment = Help(
    summary: "tell which classes the pixels of pictures are of",
    usage: "segment MODEL IMAGE... [--labels FILE] [--top 10] [--json]",
    description: """
      IMAGE is a picture as for classify. The model's first output is a map of classes, [1, height, width], or of scores,
      [1, height, width, classes], as DeepLab has them. Printed are the classes that occur, largest first: share of the
      pixels, class, label, and the box around them in pixels of the picture.
      """,
    options: [
      ("--labels FILE", "names of classes: a line each, or lines of a number and a name; the model's own unless given"),
      ("--top N", "how many classes to print; 10 unless given"),
      ("--mapping M", "a pixel v stands for: unit, v / 255; centred, v / 127.5 - 1; raw, v"),
      ("--json", "results for programs"),
      ("--quiet", "do not say which mapping was chosen"),
    ],
    example: "tinyrun segment deeplabv3.tflite bird.bmp --labels pascal_voc_labels.txt")

  static let pose = Help(
    summary: "find people's joints in pictures",
    usage: "pose MODEL IMAGE... [--threshold 0.3] [--json]",
    description: """
      IMAGE is a picture as for classify. The model is MoveNet for one person, or ends with PosenetDecoderOp. Printed are
      the people, likeliest first, and their joints: score, name, and the place in pixels of the picture.
      """,
    options: [
      ("--threshold S", "the least score of a person and of a joint, from 0 to 1; 0.3 unless given"),
      ("--mapping M", "a pixel v stands for: unit, v / 255; centred, v / 127.5 - 1; raw, v"),
      ("--json", "results for programs; joints of every score"),
      ("--quiet", "do not say which mapping was chosen"),
    ],
    example: "tinyrun pose movenet_lightning.tflite squat.bmp")

  static let eval = Help(
    summary: "measure a classifier's accuracy on labelled images",
    usage: "eval MODEL --images IDX --labels IDX [--limit N] [--min A] [--outputs FILE] [--json]",
    description: """
      Runs the model on images in IDX files as MNIST has them (unpacked). Prints accuracy, images per second and, up to
      20 classes, how often which class was taken for which.
      """,
    options: [
      ("--images IDX", "the images"),
      ("--labels IDX", "their labels"),
      ("--limit N", "only the first N images"),
      ("--mapping M", "a pixel v stands for: unit, v / 255 (unless given); centred, v / 127.5 - 1; raw, v"),
      ("--min A", "end with status 1 if the accuracy, from 0 to 1, is below A"),
      ("--outputs FILE", "write the output's bytes, image after image"),
      ("--json", "results for programs"),
      ("--quiet", "no progress bar"),
    ],
    example: "tinyrun eval mnist_cnn_int8.tflite --images t10k-images.idx3-ubyte --labels t10k-labels.idx1-ubyte")
}

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
    example: "tinyrun kernels 49,512,512 dw:14x14x512,3x3,1")

  static let check = Help(
    summary: "tell whether a model would map to the Edge TPU, and what to change",
    usage: "check MODEL [--runtime N] [--ops] [--json]",
    description: """
      MODEL is a file that is not compiled yet. Prints what the Edge TPU's compiler would probably say of its operators,
      in the compiler's words; the first operator that would stay on the CPU, with which all that depends on it stays;
      for each kind of operator that is not mapped, what to change; and an estimate of the memory for parameters on the
      chip. The rules are those that Coral has published, and what compiled models show. The compiler has limits that it
      does not name: the answer is what would probably map. Of a model that is compiled already, the operators that its
      compiler left on the CPU are shown. Nothing is run, and neither compiler nor device is needed.
      The exit status is 0 if all operators would probably be mapped, QUANTIZE of float32 inputs and DEQUANTIZE to
      float32 outputs aside, 1 if some would not, and 3 for a file that cannot be opened.
      """,
    options: [
      ("--runtime N", "the runtime version to compile for, 10 to 14; 14 unless given"),
      ("--ops", "every operator with its status, the reason and what to change"),
      ("--json", "everything, for programs"),
    ],
    example: "tinyrun check mobilenet_v2_int8.tflite --runtime 13")

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

  static let cases = Help(
    summary: "run folders of cases, each with the outputs that are expected",
    usage: "cases FOLDER... [--ops OP,OP/TYPE,...] [--failures N] [--quiet]",
    description: """
      A FOLDER holds index.json and for each case a folder with model.tflite, input-N.bin, output-N.bin (of later runs
      input-N-run1.bin, ...) and case.json. Outputs must be equal to the byte; numbers of float32 to 1e-5 of their size
      where the case does not call itself exact. Prints a row for each operator and type, and as the last line how many
      passed and failed.
      """,
    options: [
      ("--ops LIST", "only these operators, or operators in one type"),
      ("--failures N", "how many failures to print in full; 20 unless given"),
      ("--quiet", "no progress bar"),
    ],
    example: "tinyrun cases Fixtures/cases")

  static let operators = Help(
    summary: "list the operators that this version runs",
    usage: "operators [--all] [--markdown] [--json]",
    description: """
      Prints each operator with the element types it runs on and the newest version of its definition that is understood.
      """,
    options: [
      ("--all", "every operator of the schema, those that are refused among them"),
      ("--markdown", "a table for documents"),
      ("--json", "the list for programs"),
    ],
    example: "tinyrun operators --all")

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

  private static let executionOptions = [
    (
      "--device D",
      "cpu, edgetpu[:N], edgetpu:usb[:N], edgetpu:pci[:N]; unless given, what the model is compiled for"
    ),
    ("--isolate", "drive the Edge TPU in a process of its own, whose end is an error and not the end of tinyrun"),
    ("--performance P", "the Edge TPU's clock: low, medium, high or max; the highest unless given"),
    ("--threads N", "threads that work on one run, 1 to \(Models.mostThreads); 1 unless given"),
    ("--kernels NAME", "\(KernelSet.allCases.map(\.rawValue).joined(separator: ", ")); the fastest unless given"),
    fixedPoint,
  ]
  private static let fixedPoint = (
    "--fixed-point", "scale the sums of FULLY_CONNECTED in fixed point, as tflite-micro does"
  )
  private static let modelOptions = [
    ("--signature KEY", "the signature to run; serving_default or the only one unless given"),
    ("--shape NAME=SIZES", "an input's shape in place of the file's: image=1,224,224,3; several with semicolons"),
  ]

  static let exitStatuses = """
    Exit status: 0 all is well, 1 a check failed (--min, --assert), 2 the command line is wrong, 3 a model or file was
    refused, 4 the device is not available. Results go to standard output, everything else to standard error.
    """

  /// All options that the command has, those that it shares among them.
  var allOptions: [OptionHelp] { OptionHelp.list(options + sharedOptions) }

  /// What the tool does, in a few words.
  static let tool = "looks at TensorFlow Lite models and runs them"

  /// What `tinyrun --help` prints.
  static var overview: String {
    let commands = table(Command.all.map { ($0.name, $0.help.summary) })
    return """
      tinyrun \(Version.current): \(tool).

      usage: tinyrun COMMAND ...
             tinyrun MODEL           the same as tinyrun inspect MODEL
             tinyrun help COMMAND    options and an example; also tinyrun COMMAND --help
             tinyrun --version

      commands:
      \(commands)

      \(exitStatuses)
      """
  }

  /// What `tinyrun help COMMAND` prints.
  static func text(for name: String) throws -> String {
    guard let command = Command.named(name) else { throw Failure.unknownCommand(name) }
    let help = command.help
    return """
      tinyrun \(name): \(help.summary)

      usage: tinyrun \(help.usage)

      \(help.description)

      \(help.optionTable)example:
        \(help.example)

      \(exitStatuses)
      """
  }

  /// The head and the table of all options, and an empty line; nothing where there are none.
  private var optionTable: String {
    let options = options + sharedOptions
    return options.isEmpty ? "" : "options:\n\(Self.table(options))\n\n"
  }

  private static func table(_ entries: [(String, String)]) -> String {
    let width = entries.map(\.0.count).max() ?? 0
    return entries.map { "  \(Text.padded($0.0, width))  \($0.1)" }.joined(separator: "\n")
  }
}
