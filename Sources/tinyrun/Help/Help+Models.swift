import TinyTensor

/// What the commands that look at models, run and check them say of themselves.
extension Help {
  static let inspect = Help(
    summary: "show what is in a model file, whether it can run or not",
    usage: "inspect MODEL [--ops] [--tensors] [--memory] [--plan] [--json | --html FILE]",
    description: """
      Shows inputs and outputs, every operator with its shapes, weights, multiply-accumulates (MACs) and kernel, and
      totals. A model that cannot run is shown too, with the reason; its operators are marked unsupported (this version
      lacks them), refused (their options or tensors are wrong) or edgetpu (compiled for it). An operator marked view
      costs nothing. `tinyrun MODEL` does the same. On a terminal the text fits its width and has colours, unless the
      variable NO_COLOR is set.
      """,
    options: [
      ("--ops", "all tensors of every operator, with their full names"),
      ("--tensors", "all tensors: type, shape, quantization, size of their data"),
      ("--memory", "what lies where in the arena, and when"),
      ("--plan", "the steps of a run, where their operands lie, and what costs no step"),
      ("--json", "everything, for programs"),
      ("--html FILE", "a page for a browser: the graph, costs, quantization, weights, memory; it needs no network"),
    ],
    shared: .models,
    example: "tinyrun inspect mnist_cnn_int8.tflite --html model.html")

  static let run = Help(
    summary: "run a model on files, or on random data",
    usage: "run MODEL [INPUT...] [--output-prefix P] [--dump-tensors DIR] [--seed N]",
    description: """
      INPUT files are the inputs in the order of the signature, or else of the graph (tinyrun inspect shows it): .npy
      files of the input's shape, in which a leading 1 may be more or less, or any others as raw little-endian
      elements (.raw, .bin; - is standard input). More files than inputs are further runs of the same session, which
      keeps its variables. Without files the inputs are random, the same for the same seed on every machine; those
      that are indices are zeros.
      """,
    options: [
      ("--output-prefix P", "write outputs to P0.bin, P1.bin, ...; for run 1 and later to P0-run1.bin, ..."),
      ("--dump-tensors DIR", "write every tensor of a run to DIR (of later runs to DIR/run1, ...): its bytes to"),
      ("", "N.bin, and tensors.json, a list of objects: tensor (its index), name, type, shape, file"),
      ("--seed N", "where random numbers begin; 1 unless given"),
      ("--quiet", "say nothing on standard error"),
    ],
    shared: .models,
    example: "tinyrun run mnist_cnn_int8.tflite digit.npy --output-prefix scores")

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
      Help.mean, Help.deviation,
      ("--min A", "end with status 1 if the accuracy, from 0 to 1, is below A"),
      ("--outputs FILE", "write the output's bytes, image after image"),
      ("--json", "results for programs"),
      ("--quiet", "no progress bar"),
    ],
    shared: .models,
    example: "tinyrun eval mnist_cnn_int8.tflite --images t10k-images.idx3-ubyte --labels t10k-labels.idx1-ubyte")

  static let compare = Help(
    summary: "find the first tensor that differs, or how much quantization costs, tensor by tensor",
    usage: "compare MODEL [INPUT...] [--against KERNELS|FOLDER|MODEL] [--weights] [--top N] [--json | --csv]",
    description: """
      Runs a model beside another set of kernels, a folder that `run --dump-tensors` wrote, or another model, such as
      the float one that it was quantized from, and compares every tensor that operators write. INPUT files are those of
      `run`; without them a folder's own inputs are taken, or random ones: numbers of float inputs that are quantized first
      fill the range that can be stored, others are those of `run`. Another model gets the same real numbers; its
      tensors are matched by their place among the outputs, by name, by the order of the operators, and as copies:
      quantized or dequantized forms of one that is matched. What is compared with is the signal, the difference is the
      noise: SQNR is the ratio of their powers, RMSE the root of the mean squared difference, bias the mean difference,
      % limit the share of elements at an end of their type's range that is not 0, % clip that of elements whose
      counterpart lies beyond it, % used how much of the range occurs.
      The exit status is 1 if a tensor differs from kernels or a folder, or an output falls short of --min-sqnr.
      """,
    options: [
      ("--against WHAT", "kernels (\(KernelSet.allCases.map(\.rawValue).joined(separator: ", "))), a folder,"),
      ("", "or a model; reference unless given"),
      ("--images", "the INPUTs are pictures, as for classify"),
      ("--mapping M", "for --images: a pixel v stands for: unit, v / 255; centred, v / 127.5 - 1; raw, v"),
      Help.mean, Help.deviation,
      ("--runs N", "runs on random inputs, of seeds one after the other; 1 unless given"),
      ("--seed N", "where random numbers begin; 1 unless given"),
      ("--order O", "graph, as operators run, or worst, the lowest SQNR first; worst for a model, else graph"),
      ("--top N", "how many tensors to print; 20 unless given"),
      ("--atol A", "for kernels and folders: how large a difference of real numbers may be; none unless given"),
      ("--rtol R", "the same as a part of the number that is expected; both add up"),
      ("--weights", "for a model: compare the constants of matched operators too"),
      ("--min-sqnr DB", "for a model: end with status 1 if the SQNR of an output is lower, in decibels"),
      ("--csv", "all tensors as comma-separated values; a name that spreadsheets would run stands behind a '"),
      ("--json", "the result for programs; numbers that are infinite are null"),
      ("--quiet", "say nothing on standard error"),
    ],
    shared: .models,
    example: "tinyrun compare mnist_cnn_int8.tflite --images digit.bmp --against mnist_cnn_float.tflite")

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

  static let cases = Help(
    summary: "run folders of cases, each with the outputs that are expected",
    usage: "cases FOLDER... [--ops OP,OP/TYPE,...] [--failures N] [--quiet]",
    description: """
      A FOLDER holds index.json and for each case a folder with model.tflite, input-N.bin, output-N.bin (of later runs
      input-N-run1.bin, ...) and case.json. Outputs must be equal to the byte; numbers of float32 to 1e-5 of their
      size where the case does not call itself exact. Its params may hold the signature to run and the shape of
      inputs, as --signature and --shape take them. Prints a row for each operator and type, and as the last line how
      many passed and failed.
      """,
    options: [
      ("--ops LIST", "only these operators, or operators in one type"),
      ("--failures N", "how many failures to print in full; 20 unless given"),
      ("--quiet", "no progress bar"),
    ],
    shared: .execution,
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
}
